import { type Scalar, type Tensor, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import { disposeTree, flattenTree, mapTree, partitionTree, type TensorTree, unflattenTree, VitrailError } from '@vitrail/core';
import { globalNorm, guardStep, isNaNIfKnown, lossScaleOf, type Optimizer, unlessNaN } from '@vitrail/optim';
import { openLedger, readLedger, type StepNumbers } from './ledger.ts';
import { meanGradients } from './mean-gradients.ts';
import type { TrainProgram, TrainState } from './program.ts';
import { disposeExcept, tidyTree } from './tidy-tree.ts';

/** What one step did. */
export type StepOutcome<Params extends TensorTree, Carried extends TensorTree> = {
  /** The state after the step. */
  state: TrainState<Params, Carried>;
  /** The names of the step's numbers: `loss`, the program's metrics, `gradientNorm`. */
  names: readonly string[];
  /** 1 and the step's numbers, or zeros where its update was left out, `[3 + M]`, on the device: to be summed. A part of the state. */
  counted: Tensor1D;
  /** Reads the step's numbers, which on a GPU waits for it. Only until the state is given to the next step, or disposed. */
  read(): Promise<StepNumbers>;
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
  return { step: 0, params, carried, optimizer: optimizer.init(params), ledger: openLedger() };
}

/** Disposes all tensors of a state. */
export function disposeState({ params, carried, optimizer, ledger }: TrainState): void {
  disposeTree(params, carried, optimizer, ledger);
}

/**
 * Assembles one training step: gradients of the program's loss, averaged over the micro-batches; global-norm clipping; the optimiser;
 * the program's guard; what the program carries on (averaged teacher, centres).
 *
 * - Accumulation averages the gradients of whole losses with equal weight: for a loss that is a mean over examples, micro-batches of one
 *   size give the gradient of one big batch. A contrastive loss sees the negatives of its own micro-batch only.
 * - A parameter that does not train at a step keeps its exact bits, and so does what the optimiser holds for it: no decay, no moments. The
 *   optimiser's step still counts the steps of the run (PyTorch counts those of each parameter).
 * - When the loss or the gradient norm is not finite, nothing changes but `step` and what is counted. On a GPU that is decided there, and
 *   a step reads nothing back: the optimiser leaves everything as it is where its `gradientScale` is NaN, and what is carried is chosen.
 *
 * @param options.maximumNorm gradients are scaled down to this global norm; none is given: no clipping.
 * @param options.lossScaling for activations in float16, whose small gradients would vanish: the loss is multiplied by a scale before its
 * gradient is taken and the gradient divided by it, as by `torch.amp.GradScaler`; see `guardStep` of `@vitrail/optim`. False by default.
 * @returns the step; it throws `invalid-argument` without batches or when no parameter trains, `shape-mismatch` for a loss or metric that is no
 * scalar, `unknown-name` when the guard names a parameter that is not there.
 * @example createTrainStep({ program, optimizer, maximumNorm: 1 })(state, [batch]).state.step // 1
 */
export function createTrainStep<Params extends TensorTree, Carried extends TensorTree, Batch>({
  program,
  optimizer,
  maximumNorm = Number.POSITIVE_INFINITY,
  lossScaling = false,
}: {
  program: TrainProgram<Params, Carried, Batch>;
  optimizer: Optimizer;
  maximumNorm?: number;
  lossScaling?: boolean;
}): TrainStep<Params, Carried, Batch> {
  if (!(maximumNorm > 0)) {
    throw new VitrailError('invalid-argument', `maximumNorm is a number above 0 (none for no clipping), but ${maximumNorm} came`);
  }
  return (state, batches) => {
    const { step, ledger } = state;
    const trains = (path: string) => program.trains?.(path, step) ?? true;
    const made: TensorTree[] = [];
    let next = state;
    try {
      const lossScale = lossScaling ? lossScaleOf(ledger.counts) : undefined;
      if (lossScale !== undefined) made.push({ lossScale });
      const { tensors, names } = meanGradients(program, state, batches, { trains, lossScale });
      made.push(tensors);
      const norm = globalNorm(tensors.gradients);
      made.push({ norm });
      const guarded = guardStep({ numbers: tensors.numbers, norm, counts: ledger.counts, maximumNorm, lossScaling });
      made.push(guarded);
      const { gradientScale, ...nextLedger } = guarded;
      const outcome = (newState: TrainState<Params, Carried>): StepOutcome<Params, Carried> => {
        next = newState;
        const allNames = [...names, 'gradientNorm'];
        return { state: next, names: allNames, counted: guarded.counted, read: () => readLedger(nextLedger, allNames) };
      };

      const isLeftOut = isNaNIfKnown(gradientScale);
      if (isLeftOut) return outcome({ ...state, step: step + 1, ledger: nextLedger });
      const [trained] = partitionTree<Tensor>(state.params, trains);
      const [moments] = partitionTree<Tensor>(state.optimizer, momentTrains(trained));
      // Where a scale is known to be 1, gradients need not be multiplied by it.
      const isOne = isLeftOut === false && maximumNorm === Number.POSITIVE_INFINITY && !lossScaling;
      const updated = optimizer.update(tensors.gradients, moments, trained, step, isOne ? undefined : gradientScale);
      made.push(updated.params, updated.state);
      const after = replaced(state.params, updated.params);
      const constrained = replaced(after, constraints(program, after, trains, made));
      const carried = tidyTree(() => program.carry(state.carried, constrained, tensors.auxiliary, step));
      made.push(carried);
      const kept = isLeftOut === undefined ? unlessLeftOut(gradientScale, { after, constrained, carried }, state, made) : {};
      return outcome({
        step: step + 1,
        params: constrained,
        carried,
        ...kept,
        optimizer: replaced(state.optimizer, updated.state),
        ledger: nextLedger,
      });
    } finally {
      // Everything made on the way and the old state, but for what lives on; on an error the old state is what lives on.
      disposeExcept([...made, ...treesOf(state)], treesOf(next));
    }
  };
}

/**
 * What is carried, and parameters that the guard has changed, or those of the state before where the scale is NaN. The optimiser itself
 * has taken care of all other parameters.
 */
function unlessLeftOut<Params extends TensorTree, Carried extends TensorTree>(
  gradientScale: Scalar,
  { after, constrained, carried }: { after: Params; constrained: Params; carried: Carried },
  before: TrainState<Params, Carried>,
  made: TensorTree[],
): { params: Params; carried: Carried } {
  const unconstrained = flattenTree<Tensor>({ params: after });
  const old = flattenTree<Tensor>({ params: before.params, carried: before.carried });
  const changed = Object.entries(flattenTree<Tensor>({ params: constrained, carried })).filter(
    ([path, leaf]) => leaf !== unconstrained[path] && leaf !== old[path],
  );
  for (const [path, { shape, dtype }] of changed) {
    if (old[path]?.shape.join() === shape.join() && old[path].dtype === dtype) continue;
    throw new VitrailError(
      'shape-mismatch',
      `on a GPU the program's carry and constrain give tensors of the shapes and types that there were, but ${path} is ${dtype} [${shape}] now`,
    );
  }
  const leaves = changed.map(([, leaf]) => leaf);
  const chosen = unlessNaN(
    gradientScale,
    leaves,
    changed.map(([path]) => old[path]),
  );
  const chosenByPath = Object.fromEntries(changed.map(([path], i) => [path, chosen[i]]));
  made.push(...chosen.map((tensor) => ({ tensor })));
  return replaced({ params: constrained, carried }, unflattenTree<Tensor>(chosenByPath));
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

/** What the program's guard, which has the last word on what trains, puts in place of parameters. All that it gives is added to `made`. */
function constraints<Params extends TensorTree, Carried extends TensorTree, Batch>(
  program: TrainProgram<Params, Carried, Batch>,
  params: Params,
  trains: (path: string) => boolean,
  made: TensorTree[],
): TensorTree {
  const replacements = tidy(() => program.constrain?.(params) ?? {});
  made.push(...Object.values(replacements).map((replacement) => ({ replacement })));
  const known = flattenTree<Tensor>(params);
  const unknown = Object.keys(replacements).find((path) => !Object.hasOwn(known, path));
  if (unknown !== undefined) {
    throw new VitrailError('unknown-name', `the program's guard (constrain) names "${unknown}", which is no parameter`);
  }
  return unflattenTree<Tensor>(Object.fromEntries(Object.entries(replacements).filter(([path]) => trains(path))));
}

function treesOf({ params, carried, optimizer, ledger }: TrainState): readonly TensorTree[] {
  return [params, carried, optimizer, ledger];
}
