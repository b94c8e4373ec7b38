import { clone, reshape, type Tensor, type Tensor4D, tensor2d, transpose } from '@tensorflow/tfjs-core';
import { requireShape, VitrailError } from '@vitrail/core';
import { differentiable } from './dispatch.ts';
import { matrixProduct } from './matrix-product.ts';

/**
 * Grids `[B, h, w, C]` resized to `[B, h', w', C]` along rows and along columns by a fixed matrix each, whose transpose is the gradient.
 *
 * @param weights the matrix `[to * from]`, row-major, for one axis; `undefined` for an axis that stays as it is
 */
export function resizeAlongBoth(
  op: string,
  grid: Tensor4D,
  size: readonly [height: number, width: number],
  weights: AxisWeights,
): Tensor4D {
  requireShape(op, 'grid', grid, ['B', 'h', 'w', 'C']);
  const [, height, width] = grid.shape;
  const [rows, columns] = [axisMatrix(op, height, size[0], weights), axisMatrix(op, width, size[1], weights)];
  return differentiable<Tensor4D>(
    [grid],
    () => ({ value: alongBoth(grid, rows, columns), saved: [] }),
    (dy) => [alongBoth(dy, turned(rows), turned(columns))],
  );
}

/** Throws `invalid-argument` unless both lengths are whole numbers of at least 1. */
export function requireLengths(op: string, from: number, to: number): void {
  for (const length of [from, to]) {
    if (!(Number.isInteger(length) && length > 0)) {
      throw new VitrailError('invalid-argument', `${op}: lengths are whole numbers of at least 1, but ${from} to ${to} came`);
    }
  }
}

type AxisWeights = (from: number, to: number) => Float32Array | undefined;

type Matrix = { values: Float32Array; shape: [to: number, from: number] };

function axisMatrix(op: string, from: number, to: number, weights: AxisWeights): Matrix | undefined {
  requireLengths(op, from, to);
  const values = weights(from, to);
  return values && { values, shape: [to, from] };
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
