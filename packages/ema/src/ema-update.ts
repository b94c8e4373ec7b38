import { add, mul, tidy } from '@tensorflow/tfjs-core';
import { type TensorTree, VitrailError, zipTrees } from '@vitrail/core';
import { requireMomentum } from './momentum.ts';

/**
 * One step of an exponential moving average, `momentum * average + (1 - momentum) * current`, leaf by leaf.
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
  return zipTrees(([old, recent]) => tidy(() => add(mul(old, momentum), mul(recent, 1 - momentum))), average, current);
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
