import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * How one of several workers combines a tensor with those of the others, element by element: all pass tensors of one shape and all get the
 * same result back. What a function does with it is said there; nothing is exchanged unless one is passed in.
 */
export type AllReduce = {
  /** How many workers there are, this one included. */
  readonly workers: number;
  /** The sum over workers. Must be differentiable: its gradient is the sum over workers of theirs. */
  readonly sum: <T extends Tensor>(own: T) => T;
  /** The largest over workers. No gradient is asked of it. */
  readonly max: <T extends Tensor>(own: T) => T;
};
