import {
  add,
  cast,
  clone,
  engine,
  keep,
  mul,
  type Scalar,
  stack,
  type Tensor,
  type Tensor1D,
  tidy,
  zerosLike,
} from '@tensorflow/tfjs-core';
import {
  disposeTree,
  flattenTree,
  mapTree,
  type TensorTree,
  treeLeaves,
  unflattenTree,
  VitrailError,
  zipTrees,
} from '@vitrail/core';
import { emaUpdate } from '@vitrail/ema';
import type { LossResult, TrainProgram, TrainState } from './program.ts';
import { tidyTree } from './tidy-tree.ts';

/** What a batch, or the mean over several, gives. Whoever holds it disposes {@link Evaluation.tensors}. */
export type Evaluation = {
  tensors: {
    /** Of the parameters that train; zero where the loss does not depend on one. */
    gradients: TensorTree;
    auxiliary: TensorTree;
    /** The loss and the metrics, `[1 + M]`: together, so that they cross from the device at once. */
    numbers: Tensor1D;
  };
  /** `loss` and the metrics' names, in the order of `numbers`. */
  names: readonly string[];
};

/**
 * Gradients, auxiliary tensors, loss and metrics of the program at a state, averaged over the micro-batches with equal weight.
 *
 * @param options.trains which parameters get a gradient; the others are constants to the tape.
 * @param options.lossScale a scalar that the loss is multiplied by before its gradient is taken: so are the gradients. 1 if none is given.
 * @throws `invalid-argument` without batches, when no parameter trains, or for a metric with a taken name; `shape-mismatch` for a loss that is
 * no scalar, or micro-batches that differ in their metrics. Nothing stays behind.
 */
export function meanGradients<Params extends TensorTree, Carried extends TensorTree, Batch>(
  program: TrainProgram<Params, Carried, Batch>,
  state: TrainState<Params, Carried>,
  batches: readonly Batch[],
  options: { trains: (path: string) => boolean; lossScale?: Scalar },
): Evaluation {
  const [first, ...others] = batches;
  if (batches.length === 0) throw new VitrailError('invalid-argument', 'a training step needs at least one batch, but none came');
  let mean = evaluate(program, state, first, options);
  try {
    for (const [i, batch] of others.entries()) {
      mean = averaged(mean, evaluate(program, state, batch, options), (i + 1) / (i + 2));
    }
    return mean;
  } catch (error) {
    disposeTree(mean.tensors);
    throw error;
  }
}

function evaluate<Params extends TensorTree, Carried extends TensorTree, Batch>(
  program: TrainProgram<Params, Carried, Batch>,
  state: TrainState<Params, Carried>,
  batch: Batch,
  { trains, lossScale }: { trains: (path: string) => boolean; lossScale?: Scalar },
): Evaluation {
  const leaves = flattenTree<Tensor>(state.params);
  const trained = Object.keys(leaves).filter(trains);
  if (trained.length === 0) throw new VitrailError('invalid-argument', `no parameter trains at step ${state.step}`);
  let names: readonly string[] = [];
  let logged: readonly Tensor[] = [];
  let auxiliary: TensorTree = {};
  try {
    // tidy, since a backward pass that fails leaves the value of the forward pass.
    const { value, grads } = tidy(() =>
      engine().gradients(
        () => {
          const result = program.loss(state.params, state.carried, batch, state.step);
          requireScalars(result);
          names = ['loss', ...Object.keys(result.metrics)];
          // Copies (which share their memory): what the program hands back may be a parameter, or stand on the tape.
          logged = [result.loss, ...Object.values(result.metrics)].map((number) => clone<Tensor>(number));
          auxiliary = mapTree(result.auxiliary, (leaf) => clone(leaf));
          for (const copy of [...logged, ...treeLeaves<Tensor>(auxiliary)]) keep(copy);
          return result.loss;
        },
        trained.map((path) => leaves[path]),
        lossScale, // The gradient of the loss by itself, where the backward pass begins: 1, or the scale.
      ),
    );
    value.dispose();
    // The tape has no entry for a parameter that the loss does not reach (a mask token without a mask).
    const reached: readonly (Tensor | undefined)[] = grads;
    const gradients = unflattenTree<Tensor>(
      Object.fromEntries(trained.map((path, i) => [path, reached[i] ?? zerosLike(leaves[path])])),
    );
    const numbers = tidy(() => stack(logged.map((number) => cast(number, 'float32')))) as Tensor1D;
    return { tensors: { gradients, auxiliary, numbers }, names };
  } catch (error) {
    disposeTree(auxiliary);
    releaseTape();
    throw error;
  } finally {
    for (const copy of logged) copy.dispose();
  }
}

/**
 * `share * first + (1 - share) * second` leaf by leaf: a mean that goes on, whose gradients are no larger than those of the batches. Those
 * go through the kernel for averages of whole trees. Both are disposed, also on an error.
 */
function averaged(first: Evaluation, second: Evaluation, share: number): Evaluation {
  const average = (a: Tensor, b: Tensor): Tensor => add(mul(a, share), mul(b, 1 - share));
  try {
    if (first.names.join() !== second.names.join()) {
      throw new VitrailError(
        'shape-mismatch',
        `the micro-batches of a step have the same metrics, but one gave ${first.names.join(', ')} and another ${second.names.join(', ')}`,
      );
    }
    const tensors = tidyTree(() => ({
      gradients: emaUpdate(first.tensors.gradients, second.tensors.gradients, share),
      auxiliary: zipTrees(([a, b]) => average(a, b), first.tensors.auxiliary, second.tensors.auxiliary),
      numbers: average(first.tensors.numbers, second.tensors.numbers) as Tensor1D,
    }));
    return { tensors, names: first.names };
  } finally {
    disposeTree(first.tensors, second.tensors);
  }
}

function requireScalars({ loss, metrics }: LossResult): void {
  for (const name of ['loss', 'gradientNorm']) {
    if (name in metrics) throw new VitrailError('invalid-argument', `"${name}" is logged anyway: give the metric another name`);
  }
  for (const [name, { shape }] of Object.entries({ loss, ...metrics })) {
    if (shape.length > 0) {
      throw new VitrailError(
        'shape-mismatch',
        `${name} must be a scalar, but its shape is [${shape}]; reduce it (mean) in the program`,
      );
    }
  }
}

/** After an error, what tfjs saved for the backward pass is on the tape still, and nothing else would dispose it. */
function releaseTape(): void {
  const { state } = engine();
  for (const { saved = [] } of state.activeTape ?? []) {
    for (const tensor of saved) if (!tensor.isDisposed) tensor.dispose();
  }
  state.activeTape = [];
}
