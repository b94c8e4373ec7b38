import type { Tensor4D } from '@tensorflow/tfjs-core';

import { requireLengths, resizeAlongBoth } from './resize-along-both.ts';

/**
 * The matrix that resizes one axis by bilinear interpolation, with anti-aliasing when it shrinks.
 *
 * With `s = from / to` and `k = max(s, 1)`: `A[i, j] = max(0, 1 - |(i + 0.5) s - (j + 0.5)| / k)`, rows divided by their sum. Half-pixel
 * centres (align_corners = false). The same as `jax.image.resize(method='bilinear')` and PyTorch's `interpolate(mode='bilinear',
 * antialias=True)`.
 *
 * @param from length of the axis before
 * @param to length after
 * @returns `[to, from]`, row-major, each row sums to 1
 * @throws `invalid-argument` when a length is not a whole number of at least 1
 * @example resizeMatrix(2, 3) // [1, 0,  0.5, 0.5,  0, 1]
 */
export function resizeMatrix(from: number, to: number): Float32Array {
  requireLengths('resizeMatrix', from, to);
  const matrix = new Float32Array(to * from);
  const scale = from / to;
  const reach = Math.max(scale, 1);
  for (let i = 0; i < to; i++) {
    const weights = Array.from({ length: from }, (_, j) => Math.max(0, 1 - Math.abs((i + 0.5) * scale - (j + 0.5)) / reach));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (let j = 0; j < from; j++) matrix[i * from + j] = weights[j] / total;
  }
  return matrix;
}

/**
 * Grids resized by bilinear interpolation, anti-aliased when they shrink: {@link resizeMatrix} along rows and along columns. For position
 * tables and feature maps; at its own size a grid comes back unchanged.
 *
 * @param grid `[B, h, w, C]`
 * @param size `[h', w']`
 * @param options.alignCorners whether the first and the last positions stay where they are (PyTorch's `align_corners=True`; SciPy's `zoom` of
 *   order 1), without anti-aliasing: output `i` lies at `i (from - 1) / (to - 1)`, a single one at the first. False by default
 * @returns `[B, h', w', C]`, the caller's
 * @throws `shape-mismatch` when the grid has not four axes; `invalid-argument` for a size that is not of whole numbers of at least 1
 * @example resizeBilinear(ones([1, 32, 32, 8]), [16, 16]).shape // [1, 16, 16, 8]
 */
export function resizeBilinear(
  grid: Tensor4D,
  size: readonly [height: number, width: number],
  { alignCorners = false }: { readonly alignCorners?: boolean } = {},
): Tensor4D {
  const weights = alignCorners ? cornerWeights : resizeMatrix;
  return resizeAlongBoth('resizeBilinear', grid, size, (from, to) => (from === to ? undefined : weights(from, to)));
}

/** Weights `[to * from]` of the two nearest positions, first and last at the ends. */
function cornerWeights(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const position = to === 1 ? 0 : (i * (from - 1)) / (to - 1);
    const below = Math.min(Math.floor(position), from - 1);
    const above = Math.min(below + 1, from - 1);
    matrix[i * from + below] += 1 - (position - below);
    matrix[i * from + above] += position - below;
  }
  return matrix;
}
