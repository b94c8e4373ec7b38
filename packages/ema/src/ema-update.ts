import { add, mul, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { flattenTree, mapTree, type TensorTree, VitrailError, zipTrees } from '@vitrail/core';
import { runOrCompose } from '@vitrail/ops';
import type { KernelName } from './kernels.ts';
import { requireMomentum } from './momentum.ts';

/**
 * One step of an exponential moving average, `momentum * average + (1 - momentum) * current`, leaf by leaf; one kernel
 * (`VitrailEma`) for all leaves where one is registered, if all are float32.
 *
 * @param average the average so far; stays the caller's
 * @param current what it moves towards: a tree of the same paths and shapes; stays the caller's
 * @param momentum share of the average that is kept, in [0, 1]: 1 keeps it as it is, 0 takes over `current`
 * @returns a new tree, the caller's
 * @throws `shape-mismatch` naming the paths or the shapes that do not fit; `invalid-argument` for a momentum outside [0, 1]
 * @see "Mean teachers", arXiv 1703.01780, eq. 2
 * @example emaUpdate({ w: zeros([2]) }, { w: ones([2]) }, 0.9).w.shape // [2], values 0.1
 */
export function emaUpdate<T extends TensorTree>(average: T, current: TensorTree, momentum: number): T {
  requireMomentum('emaUpdate: momentum', momentum);
  requireSameShapes(average, current);
  const [olds, recents] = [flattenTree<Tensor>(average), flattenTree<Tensor>(current)];
  const paths = Object.keys(olds);
  const inputs = paths.flatMap((path, i): [string, Tensor][] => [
    [`average${i}`, olds[path]],
    [`current${i}`, recents[path]],
  ]);
  const outputs = runOrCompose<KernelName>('VitrailEma', Object.fromEntries(inputs), { momentum }, () =>
    paths.map((path) => tidy(() => add<Tensor>(mul(olds[path], momentum), mul(recents[path], 1 - momentum)))),
  );
  const updated = Object.fromEntries(paths.map((path, i) => [path, outputs[i]]));
  return mapTree(average, (_, path) => updated[path]);
}

/** All shapes are compared before the first tensor is made, so that an error leaves none behind. Broadcasting would hide a mistake. */
function requireSameShapes(average: TensorTree, current: TensorTree): void {
  zipTrees(
    ([old, recent], path) => {
      if (String(old.shape) !== String(recent.shape)) {
        throw new VitrailError(
          'shape-mismatch',
          `emaUpdate: "${path}" has the same shape in both trees, but the average's is [${old.shape}] and the current one's [${recent.shape}]`,
        );
      }
      return old;
    },
    average,
    current,
  );
}
