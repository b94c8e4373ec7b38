import { clone, reshape, type Tensor, type Tensor4D, tensor2d, transpose } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { differentiable } from './dispatch.ts';
import { matrixProduct } from './matrix-product.ts';
import { requireShape } from './require-shape.ts';

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
  for (const length of [from, to]) {
    if (!(Number.isInteger(length) && length > 0)) {
      throw new VitrailError(
        'invalid-argument',
        `resizeMatrix: lengths are whole numbers of at least 1, but ${from} to ${to} came`,
      );
    }
  }
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
 * @returns `[B, h', w', C]`, the caller's
 * @throws `shape-mismatch` when the grid has not four axes; `invalid-argument` for a size that is not of whole numbers of at least 1
 * @example resizeBilinear(ones([1, 32, 32, 8]), [16, 16]).shape // [1, 16, 16, 8]
 */
export function resizeBilinear(grid: Tensor4D, size: readonly [height: number, width: number]): Tensor4D {
  requireShape('resizeBilinear', 'grid', grid, ['B', 'h', 'w', 'C']);
  const [, height, width] = grid.shape;
  const rows = axisMatrix(height, size[0]);
  const columns = axisMatrix(width, size[1]);
  return differentiable<Tensor4D>(
    [grid],
    () => ({ value: alongBoth(grid, rows, columns), saved: [] }),
    (dy) => [alongBoth(dy, turned(rows), turned(columns))],
  );
}

type Matrix = { values: Float32Array; shape: [to: number, from: number] };

function axisMatrix(from: number, to: number): Matrix | undefined {
  const values = resizeMatrix(from, to);
  return from === to ? undefined : { values, shape: [to, from] };
}

function turned(matrix: Matrix | undefined): Matrix | undefined {
  if (!matrix) return undefined;
  const [to, from] = matrix.shape;
  return {
    values: Float32Array.from(matrix.values, (_, i) => matrix.values[(i % to) * from + Math.floor(i / to)]),
    shape: [from, to],
  };
}

/** Each axis in turn is brought to the front, where one plain matrix product serves the whole batch. */
function alongBoth(grid: Tensor4D, rows: Matrix | undefined, columns: Matrix | undefined): Tensor4D {
  let x: Tensor = grid;
  if (rows) x = transpose(alongFirst(transpose(x, [1, 0, 2, 3]), rows), [1, 0, 2, 3]);
  if (columns) x = transpose(alongFirst(transpose(x, [2, 0, 1, 3]), columns), [1, 2, 0, 3]);
  return (x === grid ? clone(grid) : x) as Tensor4D;
}

function alongFirst(x: Tensor, { values, shape }: Matrix): Tensor {
  const [length, ...rest] = x.shape;
  return reshape(matrixProduct(tensor2d(values, shape), reshape(x, [length, x.size / length])), [shape[0], ...rest]);
}
