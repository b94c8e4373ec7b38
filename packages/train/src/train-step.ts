import { concat, reshape, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { flattenTree, mapTree, partitionTree, type TensorTree, VitrailError } from '@vitrail/core';
import { clippingScale, globalNorm, type Optimizer } from '@vitrail/optim';
import { meanGradients } from './mean-gradients.ts';
import type { TrainProgram, TrainState } from './program.ts';
import { disposeExcept, tidyTree } from './tidy-tree.ts';

/** What one step did. */
export type StepOutcome<Params extends TensorTree, Carried extends TensorTree> = {
  /** The state after the step. */
  state: TrainState<Params, Carried>;
  /** `loss`, the program's metrics (means over the micro-batches) and `gradientNorm` (of what trains, before clipping). */
  metrics: Record<string, number>;
  /** False when the loss or the gradient was not finite and the update was left out. */
  applied: boolean;
};

/**
 * The function that {@link createTrainStep} makes: one update from one or more micro-batches.
 *
 * The new state takes the place of the one passed in, which must not be used again: its tensors are disposed, or handed on where they did
 * not change. When the function throws, the state passed in is as it was and still the caller's. Batches stay the caller's.
 */
export type TrainStep<Params extends TensorTree, Carried extends TensorTree, Batch> = (
  state: TrainState<Params, Carried>,
  batches: readonly Batch[],
) => StepOutcome<Params, Carried>;

/**
 * A state at step 0: these parameters, what is carried beside them, and the optimiser's state for them.
 *
 * @returns the state, which takes over the tensors given.
 * @example initTrainState(program.init(createRng(0)), adamw({ learningRate: constant(1e-3) })).step // 0
 */
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
 * - Accumulation averages the gradients of whole losses with equal weight: for a loss that is a mean over examples, micro-batches of one
 *   size give the gradient of one big batch. A contrastive loss sees the negatives of its own micro-batch only.
 * - A parameter that does not train at a step keeps its exact bits, and so does what the optimiser holds for it: no decay, no moments. The
 *   optimiser's step still counts the steps of the run (PyTorch counts those of each parameter).
 * - When the loss or the gradient norm is not finite, nothing changes but `step` and `skipped`, and `applied` is false.
 *
 * @param options.maximumNorm gradients are scaled down to this global norm; none is given: no clipping.
 * @returns the step; it throws `invalid-argument` without batches or when no parameter trains, `shape-mismatch` for a loss or metric that is no
 * scalar, `unknown-name` when the guard names a parameter that is not there.
 * @example createTrainStep({ program, optimizer, maximumNorm: 1 })(state, [batch]).state.step // 1
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
  if (!(maximumNorm > 0)) {
    throw new VitrailError('invalid-argument', `maximumNorm is a number above 0 (none for no clipping), but ${maximumNorm} came`);
  }
  return (state, batches) => {
    const { step } = state;
    const trains = (path: string) => program.trains?.(path, step) ?? true;
    const made: TensorTree[] = [];
    let next = state;
    try {
      const { tensors, names } = meanGradients(program, state, batches, trains);
      made.push(tensors);
      const norm = globalNorm(tensors.gradients);
      made.push({ norm });
      const values = readTogether(tensors.numbers, norm);
      const metrics = Object.fromEntries([...names, 'gradientNorm'].map((name, i) => [name, values[i]]));
      if (!(Number.isFinite(metrics.loss) && Number.isFinite(metrics.gradientNorm))) {
        next = { ...state, step: step + 1, skipped: state.skipped + 1 };
        return { state: next, metrics, applied: false };
      }
      const [trained] = partitionTree<Tensor>(state.params, trains);
      const [moments] = partitionTree<Tensor>(state.optimizer, momentTrains(trained));
      const scale = maximumNorm < Number.POSITIVE_INFINITY ? clippingScale(norm, maximumNorm) : undefined;
      if (scale !== undefined) made.push({ scale });
      const updated = optimizer.update(tensors.gradients, moments, trained, step, scale);
      made.push(updated.params, updated.state);
      const params = constrained(program, replaced(state.params, updated.params), trains, made);
      const carried = tidyTree(() => program.carry(state.carried, params, tensors.auxiliary, step));
      next = { step: step + 1, skipped: state.skipped, params, carried, optimizer: replaced(state.optimizer, updated.state) };
      return { state: next, metrics, applied: true };
    } finally {
      // Everything made on the way and the old state, but for what lives on; on an error the old state is what lives on.
      disposeExcept([...made, ...treesOf(state)], treesOf(next));
    }
  };
}

/**
 * Which leaves of an optimiser's state are those of the trained parameters: a leaf's path is the moment's name and then the parameter's path.
 */
function momentTrains(trained: TensorTree): (leafPath: string) => boolean {
  const paths = new Set(Object.keys(flattenTree<Tensor>(trained)));
  return (leafPath) => paths.has(leafPath.slice(leafPath.indexOf('.') + 1));
}

/** The tree with those tensors that `changed` has. */
function replaced<T extends TensorTree>(tree: T, changed: TensorTree): T {
  const flat: Readonly<Record<string, Tensor | undefined>> = flattenTree<Tensor>(changed);
  return mapTree(tree, (leaf, path) => flat[path] ?? leaf);
}

/** The program's guard has the last word on what trains. Its replacements are added to `made`. */
function constrained<Params extends TensorTree, Carried extends TensorTree, Batch>(
  program: TrainProgram<Params, Carried, Batch>,
  params: Params,
  trains: (path: string) => boolean,
  made: TensorTree[],
): Params {
  const replacements = tidy(() => program.constrain?.(params) ?? {});
  made.push(...Object.values(replacements).map((replacement) => ({ replacement })));
  const trained = Object.fromEntries(Object.entries(replacements).filter(([path]) => trains(path)));
  const known = flattenTree<Tensor>(params);
  const unknown = Object.keys(replacements).find((path) => !Object.hasOwn(known, path));
  if (unknown !== undefined) {
    throw new VitrailError('unknown-name', `the program's guard (constrain) names "${unknown}", which is no parameter`);
  }
  return mapTree(params, (leaf, path) => trained[path] ?? leaf);
}

/** `[1 + M]` numbers and the norm, in one read from the device. */
function readTogether(numbers: Tensor, norm: Tensor): ArrayLike<number> {
  const all = tidy(() => concat([numbers, reshape(norm, [1])]));
  try {
    return all.dataSync();
  } finally {
    all.dispose();
  }
}

function treesOf({ params, carried, optimizer }: TrainState): readonly TensorTree[] {
  return [params, carried, optimizer];
}
