import type { Tensor2D } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { l2Normalize } from '@vitrail/ops';

/**
 * How one of several workers sees the rows of all: `rows` turns the worker's own `[B, D]` into everybody's `[W B, D]`, in the order of
 * their ranks, and must be differentiable: the gradient of a row is the *sum* over workers of what they send back (a reduce-scatter).
 */
export type Gather = { readonly rank: number; readonly rows: (own: Tensor2D) => Tensor2D };

/** Unit rows: the worker's `own` `[B, D]`, `all` `[W B, D]`, and at which row of `all` its own begin. */
export type UnitRows = { readonly own: Tensor2D; readonly all: Tensor2D; readonly first: number };

/** The rows of `x` `[B, D]` divided by their length (at least 1e-12), and those of all workers: its own where there is no `gather`. */
export function unitRows(what: string, x: Tensor2D, gather?: Gather): UnitRows {
  const own = l2Normalize(x) as Tensor2D; // [B, D]
  if (!gather) return { own, all: own, first: 0 };
  const all = gather.rows(own); // [W B, D]
  const [count, width] = own.shape;
  const { rank } = gather;
  const workers = all.shape[0] / count;
  if (all.shape[1] !== width || !Number.isInteger(workers) || !(Number.isInteger(rank) && rank >= 0 && rank < workers)) {
    throw new VitrailError(
      'shape-mismatch',
      `${what}: gather makes [W * ${count}, ${width}] for a rank below W, but [${all.shape.join(', ')}] came for rank ${rank}`,
    );
  }
  return { own, all, first: rank * count };
}
