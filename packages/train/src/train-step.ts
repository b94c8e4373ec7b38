import { add, engine, keep, mul, type Scalar, scalar, type Tensor, tidy, zerosLike } from '@tensorflow/tfjs-core';
import { disposeTree, flattenTree, mapTree, type TensorTree, unflattenTree, zipTrees } from '@vitrail/core';
import { clipByGlobalNorm, type Optimizer } from '@vitrail/optim';
import type { TrainProgram, TrainState } from './program.ts';

/** What one step did. */
export type StepOutcome<Params extends TensorTree, Carried extends TensorTree> = {
  /** The state after the step; it replaces the one passed in, whose tensors are disposed. */
  state: TrainState<Params, Carried>;
  /** `loss`, the program's metrics (means over the micro-batches) and `gradientNorm` (before clipping). */
  metrics: Record<string, number>;
  /** False when the loss or the gradient was not finite and the update was left out. */
  applied: boolean;
};

/** The function that {@link createTrainStep} makes: one update from one or more micro-batches. */
export type TrainStep<Params extends TensorTree, Carried extends TensorTree, Batch> = (
  state: TrainState<Params, Carried>,
  batches: readonly Batch[],
) => StepOutcome<Params, Carried>;

/** A state at step 0: fresh parameters and optimiser state. */
export function initTrainState<Params extends TensorTree, Carried extends TensorTree>(
  { params, carried }: { params: Params; carried: Carried },
  optimizer: Optimizer,
): TrainState<Params, Carried> {
  return { step: 0, skipped: 0, params, carried, optimizer: optimizer.init(params) };
}

/**
 * Assembles one training step: gradients of the program's loss, averaged over the micro-batches; global-norm clipping; the optimiser;
 * the program's guard; what the program carries on (averaged teacher, centres).
 *
 * Gradient accumulation averages the gradients of whole losses, so a contrastive loss sees the negatives of its own micro-batch only.
 * When the loss or the gradient norm is not finite, nothing is updated but the step count, and `applied` is false.
 *
 * @param options.maximumNorm gradients are scaled down to this global norm; none is given: no clipping.
 */
export function createTrainStep<Params extends TensorTree, Carried extends TensorTree, Batch>({
  program,
  optimizer,
  maximumNorm = Number.POSITIVE_INFINITY,
}: {
  program: TrainProgram<Params, Carried, Batch>;
  optimizer: Optimizer;
  maximumNorm?: number;
}): TrainStep<Params, Carried, Batch> {
  return (state, batches) => {
    const { step } = state;
    const { gradients, metrics, auxiliary } = meanGradients(program, state, batches);
    const trains = (path: string) => program.trains?.(path, step) ?? true;

    const trained = tidyTree(() => mapTree(gradients, (gradient, path) => (trains(path) ? gradient : zerosLike(gradient))));
    const clipped = clipByGlobalNorm(trained, maximumNorm);
    metrics.gradientNorm = clipped.norm.dataSync()[0];
    clipped.norm.dispose();
    disposeTree(gradients, trained);

    const applied = Number.isFinite(metrics.loss) && Number.isFinite(metrics.gradientNorm);
    if (!applied) {
      disposeTree(clipped.grads, auxiliary);
      return { state: { ...state, step: step + 1, skipped: state.skipped + 1 }, metrics, applied };
    }

    const updated = optimizer.update(clipped.grads, state.optimizer, state.params, step);
    const params = settle(program, state.params, updated.params as Params, trains);
    const carried = program.carry(state.carried, params, auxiliary, step);
    disposeTree(clipped.grads, auxiliary, state.params, state.optimizer, state.carried);
    return { state: { step: step + 1, skipped: state.skipped, params, carried, optimizer: updated.state }, metrics, applied };
  };
}

/** Gradients, metrics and auxiliary tensors of each micro-batch, averaged. */
function meanGradients<Params extends TensorTree, Carried extends TensorTree, Batch>(
  program: TrainProgram<Params, Carried, Batch>,
  state: TrainState<Params, Carried>,
  batches: readonly Batch[],
): { gradients: Params; metrics: Record<string, number>; auxiliary: TensorTree } {
  const metrics: Record<string, number> = {};
  const log = (name: string, value: Scalar) => {
    metrics[name] = (metrics[name] ?? 0) + value.dataSync()[0] / batches.length;
  };
  let sum: { gradients: Params; auxiliary: TensorTree } | undefined;
  for (const batch of batches) {
    const { value, gradients, kept } = lossAndGradients(program, state, batch);
    log('loss', value);
    for (const [name, metric] of Object.entries(kept.metrics)) log(name, metric);
    disposeTree({ value, ...kept.metrics });
    const next = { gradients, auxiliary: kept.auxiliary };
    sum = sum === undefined ? next : addInto(sum, next);
  }
  if (sum === undefined) throw new RangeError('a training step needs at least one batch');
  if (batches.length === 1) return { ...sum, metrics };
  const mean = <T extends TensorTree>(tree: T) => replaceTree(tree, (leaf) => mul(leaf, scalar(1 / batches.length)));
  return { gradients: mean(sum.gradients), auxiliary: mean(sum.auxiliary), metrics };
}

function lossAndGradients<Params extends TensorTree, Carried extends TensorTree, Batch>(
  program: TrainProgram<Params, Carried, Batch>,
  state: TrainState<Params, Carried>,
  batch: Batch,
) {
  const leaves = flattenTree<Tensor>(state.params);
  const paths = Object.keys(leaves);
  let kept: { metrics: Record<string, Scalar>; auxiliary: TensorTree } = { metrics: {}, auxiliary: {} };
  const { value, grads } = engine().gradients(() => {
    const { loss, metrics, auxiliary } = program.loss(state.params, state.carried, batch, state.step);
    kept = {
      metrics: Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, keep(metric)])),
      auxiliary: mapTree(auxiliary, (leaf) => keep(leaf)),
    };
    return loss;
  }, Object.values(leaves));
  // A parameter that the loss does not reach (a mask token without a mask) has no entry: its gradient is zero.
  const gradients = unflattenTree(
    Object.fromEntries(paths.map((path, i) => [path, grads[i] ?? zerosLike(leaves[path])])),
  ) as Params;
  return { value: value as Scalar, gradients, kept };
}

/** Parameters after the update: those that do not train stay as they were, and the program's guard has the last word. */
function settle<Params extends TensorTree, Carried extends TensorTree, Batch>(
  program: TrainProgram<Params, Carried, Batch>,
  before: Params,
  after: Params,
  trains: (path: string) => boolean,
): Params {
  const frozen = zipTrees(
    ([old, updated], path) => {
      if (trains(path)) return updated;
      updated.dispose();
      return old.clone();
    },
    before,
    after,
  );
  const guarded = program.constrain?.(frozen) ?? {};
  return mapTree(frozen, (leaf, path) => {
    if (!(path in guarded)) return leaf;
    leaf.dispose();
    return guarded[path];
  });
}

function addInto<T extends { gradients: TensorTree; auxiliary: TensorTree }>(sum: T, next: T): T {
  const added = tidyTree(() => ({
    gradients: zipTrees(([a, b]) => add(a, b), sum.gradients, next.gradients),
    auxiliary: zipTrees(([a, b]) => add(a, b), sum.auxiliary, next.auxiliary),
  }));
  disposeTree(sum.gradients, sum.auxiliary, next.gradients, next.auxiliary);
  return added as T;
}

function replaceTree<T extends TensorTree>(tree: T, transform: (leaf: Tensor) => Tensor): T {
  const replaced = tidyTree(() => mapTree(tree, transform));
  disposeTree(tree);
  return replaced;
}

function tidyTree<T extends TensorTree>(make: () => T): T {
  return tidy(() => make() as never) as T;
}
