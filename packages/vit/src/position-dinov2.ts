import { reshape, type Tensor2D, type Tensor3D, type Tensor4D, tensor2d, tidy, transpose } from '@tensorflow/tfjs-core';
import { matrixProduct, resizeBicubic } from '@vitrail/ops';
import type { PatchGrid } from './patch-embed.ts';

/**
 * How positions of DINOv2 are brought to another grid, all three bicubically:
 *
 * - `offset`: as if the grid were 0.1 of a patch longer and wider than it is. Official weights without registers (`interpolate_offset=0.1`)
 * - `plain`: transformers' `Dinov2Model`
 * - `antialiased`: official weights with registers (`interpolate_antialias=True, interpolate_offset=0`) and transformers'
 *   `Dinov2WithRegistersModel`
 */
export type Dinov2Resizing = 'offset' | 'plain' | 'antialiased';

/**
 * Positions `[G, G, D]` for a grid of patches: `[rows, columns, D]`, the caller's. At their own size they come back as they are.
 *
 * @see "DINOv2", Oquab et al. 2023 (arXiv 2304.07193); code: `models/vision_transformer.py` (interpolate_pos_encoding)
 * @example dinov2Positions(ones([37, 37, 8]), { rows: 16, columns: 24 }, 'offset').shape // [16, 24, 8]
 */
export function dinov2Positions(table: Tensor3D, { rows, columns }: PatchGrid, resizing: Dinov2Resizing): Tensor3D {
  return tidy(() => {
    const [height, width, length] = table.shape;
    const native = rows === height && columns === width;
    if (resizing === 'offset' && !native) return withOffset(table, [rows, columns]);
    const grid = reshape(table, [1, height, width, length]) as Tensor4D;
    const resized = resizeBicubic(grid, [rows, columns], { antialias: resizing === 'antialiased' });
    return reshape(resized, [rows, columns, length]);
  });
}

/** Columns, then rows: each is the first axis once, so that a plain product resizes it. */
function withOffset(table: Tensor3D, [rows, columns]: readonly [number, number]): Tensor3D {
  const byColumn = transpose(table, [1, 0, 2]); // [G, G, D]
  return alongFirst(transpose(alongFirst(byColumn, columns), [1, 0, 2]), rows);
}

function alongFirst(x: Tensor3D, to: number): Tensor3D {
  const [from, ...rest] = x.shape;
  const weights = tensor2d(offsetWeights(from, to), [to, from]);
  return reshape(matrixProduct(weights, reshape(x, [from, x.size / from]) as Tensor2D), [to, ...rest]) as Tensor3D;
}

/** Half-pixel centres at a scale of `from / (to + 0.1)`; Keys' cubic with `a = -0.75`; positions beyond the border are held at it. */
function offsetWeights(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const centre = ((i + 0.5) * from) / (to + 0.1) - 0.5;
    const left = Math.floor(centre);
    for (let j = left - 1; j <= left + 2; j++) {
      matrix[i * from + Math.min(Math.max(j, 0), from - 1)] += cubic(Math.abs(centre - j));
    }
  }
  return matrix;
}

function cubic(distance: number): number {
  if (distance < 1) return (1.25 * distance - 2.25) * distance * distance + 1;
  return distance < 2 ? -0.75 * (((distance - 5) * distance + 8) * distance - 4) : 0;
}
