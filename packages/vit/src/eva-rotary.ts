import { add, concat, reshape, type Tensor1D, type Tensor2D, type Tensor3D, tensor2d, zeros } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { type Rotary, takeRows } from '@vitrail/ops';
import type { PatchGrid } from './patch-embed.ts';

/** The slowest pair of dimensions turns about this many times more slowly than the fastest, which turns by 1 radian a patch. */
const BASE = 10_000;

/**
 * Two-dimensional rotary positions of EVA-02 for a CLS token and a grid of patches: the first half of each head's dimensions
 * turns with the row, the second with the column.
 *
 * With `h = headSize / 2` and frequencies `f_j = 10000^(-2j / h)`, `j = 0 .. h/2 - 1`, the pair `j` of the first half of patch
 * (r, c) is turned by `f_j r G / rows`, that of the second half by `f_j c G / columns`: positions are squeezed or stretched
 * onto the grid that was trained with. The CLS token, the first row of the tables, is not turned.
 *
 * @param headSize a multiple of 4
 * @param trainedGrid G, the side of the grid of the first pretraining; 16 in every published model, whatever its size
 * @returns tables `[1 + N, headSize]`, patches row by row, the caller's
 * @throws `invalid-argument` for a head size that is not a multiple of 4
 * @see "EVA-02", Fang et al. 2023 (arXiv 2303.11331), section 2; baaivision/EVA `rope.py` (VisionRotaryEmbeddingFast), which
 *   computes in float32
 * @example evaRotary(64, { rows: 14, columns: 14 }, 16).cos.shape // [197, 64]
 */
export function evaRotary(headSize: number, { rows, columns }: PatchGrid, trainedGrid: number): Rotary {
  if (!(Number.isInteger(headSize) && headSize > 0 && headSize % 4 === 0)) {
    throw new VitrailError(
      'invalid-argument',
      `rotary positions in two dimensions turn pairs of each half of a head, so its size is a multiple of 4, but ${headSize} came`,
    );
  }
  const half = headSize / 2;
  const angles = new Float64Array((1 + rows * columns) * headSize);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = (1 + row * columns + column) * headSize;
      for (let i = 0; i < half; i++) {
        const frequency = BASE ** (-(i - (i % 2)) / half);
        angles[at + i] = (frequency * row * trainedGrid) / rows;
        angles[at + half + i] = (frequency * column * trainedGrid) / columns;
      }
    }
  }
  const table = (f: (angle: number) => number) => tensor2d(Float32Array.from(angles, f), [1 + rows * columns, headSize]);
  return { cos: table(Math.cos), sin: table(Math.sin) };
}

/**
 * The rows of the tables for the patches that are kept, per sample, those of the CLS token in front.
 *
 * @param rotary tables `[1 + N, headSize]`
 * @param keep `[B, K]`, int32: patches, in `[0, N)`
 * @returns tables `[B, 1 + K, headSize]`
 */
export function keptRotary(rotary: Rotary, keep: Tensor2D): Rotary {
  const [batch, kept] = keep.shape;
  const rows = reshape(concat([zeros([batch, 1], 'int32'), add(keep, 1)], 1), [batch * (1 + kept)]) as Tensor1D;
  const pick = (table: Rotary['cos']): Tensor3D => {
    const taken = takeRows(table as Tensor2D, rows); // [B * (1 + K), headSize]
    return reshape(taken, [batch, 1 + kept, taken.shape[1]]);
  };
  return { cos: pick(rotary.cos), sin: pick(rotary.sin) };
}
