import { type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { createRng } from '@vitrail/core';
import type { Batch } from '@vitrail/data';
import { type MaskSpec, type PatchMask, patchMask } from '@vitrail/masking';

/** What the masks of a batch are drawn from: each is a pure function of (`seed`, epoch, sample index). */
export type MaskDraw = {
  spec: MaskSpec;
  /** Side of the patch grid. */
  side: number;
  /** Of the run: `train.seed`. */
  seed: number;
};

/**
 * The masks of a batch, `[B, N]`: 1 for a patch that is hidden, 0 for one that is seen.
 *
 * @returns float32, the caller's
 * @example hiddenPatches({ spec: { kind: 'random', ratio: 0.75 }, side: 8, seed: 0 }, batch).shape // [32, 64]
 */
export function hiddenPatches(draw: MaskDraw, batch: Batch): Tensor2D {
  return stacked(
    drawMasks(draw, batch).map(({ mask }) => mask),
    'float32',
  );
}

/**
 * The patches of a batch that are kept when masked ones are dropped, `[B, K]`, ascending.
 *
 * @returns int32, the caller's
 * @example keptPatches({ spec: { kind: 'random', ratio: 0.75 }, side: 8, seed: 0 }, batch).shape // [32, 16]
 */
export function keptPatches(draw: MaskDraw, batch: Batch): Tensor2D {
  return stacked(
    drawMasks(draw, batch).map(({ keep }) => keep),
    'int32',
  );
}

function drawMasks({ spec, side, seed }: MaskDraw, { samples }: Batch): PatchMask[] {
  const rng = createRng(seed).fork('mask');
  return samples.map(({ epoch, index }) => patchMask(spec, { rows: side, columns: side }, rng.fork(epoch, index)));
}

function stacked(rows: readonly ArrayLike<number>[], dtype: 'float32' | 'int32'): Tensor2D {
  return tensor2d(
    rows.flatMap((row) => Array.from(row)),
    [rows.length, rows[0].length],
    dtype,
  );
}
