import type { Tensor } from '@tensorflow/tfjs-core';

/** The activations of `@vitrail/ops`, in the order in which native/activation-kinds.h counts them. */
export const activationKinds = ['gelu', 'gelu-tanh', 'quick-gelu', 'relu', 'silu'] as const;

/** One of {@link activationKinds}. */
export type ActivationKind = (typeof activationKinds)[number];

/** What the kernels do number by number and row by row: composed of TensorFlow's ops, or fused. Results are the caller's. */
export type Passes = {
  /** The activation of `x`. */
  activate(x: Tensor, kind: ActivationKind): Tensor;
  /** `dy` times the derivative of the activation at `x`. */
  activateGrad(dy: Tensor, x: Tensor, kind: ActivationKind): Tensor;
  /** `x + bias` `[R, D]`, activated and not. */
  biasActivate(x: Tensor, bias: Tensor, kind: ActivationKind): Tensor[];
  /** `y`, mean and inverse deviation of rows `[R, D]`. */
  layerNorm(x: Tensor, scale: Tensor, bias: Tensor, epsilon: number): Tensor[];
  /** `dx`, `dScale` and `dBias`. */
  layerNormGrad(dy: Tensor, x: Tensor, scale: Tensor, mean: Tensor, inverseDeviation: Tensor): Tensor[];
  /**
   * Weights `[..., N]` and the logarithms of their denominators `[...]`, of scores that are at most {@link MASKED} / 2 where they
   * are masked. Both are 0 where all are.
   */
  softmax(scores: Tensor): Tensor[];
  /**
   * The weights again and the gradient of the scores, from the logarithms of the denominators and the gradient of the weights.
   */
  softmaxGrad(scores: Tensor, logSumExp: Tensor, dWeights: Tensor): Tensor[];
};

/** Added to a masked score: the float32 sum is this number itself, and its exponential is 0. */
export const MASKED = -1e30;
