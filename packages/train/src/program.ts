import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Rng, TensorTree } from '@vitrail/core';
import type { Ledger } from './ledger.ts';

/** What one evaluation of a training loss gives. */
export type LossResult = {
  /** The number whose gradient is taken. */
  loss: Scalar;
  /** Further numbers to log, by the name they have in `metrics.jsonl`; `loss` and `gradientNorm` are taken. */
  metrics: Readonly<Record<string, Scalar>>;
  /** Tensors that {@link TrainProgram.carry} needs (running means of the teacher's scores, for one). */
  auxiliary: TensorTree;
};

/**
 * A training system, as pure functions: what a recipe is to the loop.
 *
 * `params` is what gradients reach. `carried` is what training keeps beside it and no gradient reaches: an averaged teacher, centres. An average of
 * parameters is a tree under a name of its own with their paths in it (`teacher.image.cls` of `image.cls`), and starts as a copy of them.
 *
 * No function disposes what it is given, and whoever calls owns what comes back. All but `init` run inside `tidy`, so intermediate tensors
 * need no care, and may hand back a tensor that they were given (a metric that is a parameter, a carried tensor that stays the same).
 */
export interface TrainProgram<Params extends TensorTree, Carried extends TensorTree, Batch> {
  /** Fresh parameters and everything carried beside them. */
  init(rng: Rng): { params: Params; carried: Carried };
  /** The loss of one batch, inside a gradient tape. */
  loss(params: Params, carried: Carried, batch: Batch, step: number): LossResult;
  /** What is carried to the next step, from the updated parameters and the mean of the auxiliary tensors over the micro-batches. */
  carry(carried: Carried, params: Params, auxiliary: TensorTree, step: number): Carried;
  /** Puts parameters back into their range after the update (a temperature's guard): replacements by dotted path. */
  constrain?(params: Params): Readonly<Record<string, Tensor>>;
  /** Which parameters are trained at this step (a frozen last layer at the start); all by default. Those that are not keep their bits. */
  trains?(path: string, step: number): boolean;
}

/** Everything a run needs to go on from a step: what a checkpoint holds. The holder owns all tensors. */
export type TrainState<Params extends TensorTree = TensorTree, Carried extends TensorTree = TensorTree> = {
  /** Steps done so far. */
  step: number;
  params: Params;
  carried: Carried;
  optimizer: TensorTree;
  /** What steps have counted: updates left out because a number in them was not finite, the scale of the loss. */
  ledger: Ledger;
};
