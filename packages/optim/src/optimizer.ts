import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Schedule, TensorTree } from '@vitrail/core';

/**
 * An optimiser as a pair of functions over trees: no state but what it is handed. Its state is a tree of float32 tensors, one tree of the
 * parameters' names per moment (`firstMoment.image.cls`), so that it is saved, loaded and averaged like any other tree.
 */
export interface Optimizer {
  /** The state before the first step, all zeros; the caller's. */
  init(params: TensorTree): TensorTree;
  /**
   * One step: new parameters and new state, both the caller's. Nothing that was passed in is disposed or shared with what comes back, and
   * no value is read back from the device.
   *
   * @param step 0 at the first step; the schedule and the bias corrections count on it
   * @param gradientScale a scalar that all gradients are multiplied by first (`clippingScale`), without a copy of them; none: 1. Where it is
   *   NaN, parameters and state come back as they were, bit by bit: the step is left out, and nobody has to wait for the device to say so
   * @throws `shape-mismatch` when the trees do not have the same paths and shapes or the scale is no scalar, `invalid-argument` for a step that is no whole number
   *   of at least 0, a rate that is negative or not finite, or tensors that are not float32
   */
  update(
    grads: TensorTree,
    state: TensorTree,
    params: TensorTree,
    step: number,
    gradientScale?: Scalar,
  ): { params: TensorTree; state: TensorTree };
}

/** What every optimiser can be told. */
export type OptimizerOptions = {
  /** The rate at each step (0-based), or the same rate at all of them; at least 0. */
  learningRate: Schedule | number;
  /** Decoupled weight decay: each step takes `rate * weightDecay * p` off a parameter `p`. 0 by default: none. */
  weightDecay?: number;
  /** Which parameters decay, if there is decay; `decaysByDefault` by default. */
  decays?: (path: string, param: Tensor) => boolean;
  /** What the rate of a parameter is multiplied by, at least 0 (`layerwiseDecay`); 1 by default. */
  rateScale?: (path: string) => number;
};
