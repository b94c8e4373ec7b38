import {
  add,
  clone,
  gatherND,
  reshape,
  scatterND,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensorScatterUpdate,
  zeros,
} from '@tensorflow/tfjs-core';
import { requireShape, VitrailError } from '@vitrail/core';
import { differentiable, runOrCompose } from './dispatch.ts';
import { valuesAreOnHost } from './values-on-host.ts';

/**
 * Rows of a table, for embeddings: `y[k] = table[rows[k]]`. The gradient adds up over rows taken more than once.
 *
 * @param table `[R, D]`
 * @param rows `[K]`, int32, in `[0, R)`
 * @returns `[K, D]`, the caller's
 * @throws `shape-mismatch` for wrong ranks; `invalid-argument` for rows that are not int32 or lie outside the table (on GPU backends
 *   indices are not read back, and what a row outside gives is undefined)
 * @example takeRows(ones([10, 4]), tensor1d([3, 3, 7], 'int32')).shape // [3, 4]
 */
export function takeRows(table: Tensor2D, rows: Tensor1D): Tensor2D {
  requireShape('takeRows', 'table', table, ['R', 'D']);
  requireShape('takeRows', 'rows', rows, ['K']);
  requireIndices('takeRows', rows, table.shape[0]);
  return differentiable<Tensor2D>(
    [table],
    () => ({ value: readRows(table, rows), saved: [rows] }),
    (dy, [rows]) => [sumIntoRows(dy, rows as Tensor1D, table.shape[0])],
  );
}

/** `y[k] = table[rows[k]]`, without a gradient. gatherND, because gather takes thirty times as long on `wasm`. */
export function readRows(table: Tensor2D, rows: Tensor1D): Tensor2D {
  return runOrCompose('VitrailTakeRows', { table, rows }, {}, () => {
    return [rows.size === 0 ? zeros([0, table.shape[1]]) : gatherND(table, asIndices(rows))];
  })[0] as Tensor2D;
}

/** The transpose of {@link readRows}: row k of `dy` added to row `rows[k]` of a table of zeros. */
export function sumIntoRows(dy: Tensor2D, rows: Tensor1D, tableRows: number): Tensor2D {
  return runOrCompose('VitrailTakeRowsGrad', { dy, rows }, { tableRows }, () => {
    const shape: [number, number] = [tableRows, dy.shape[1]];
    return [rows.size === 0 ? zeros(shape) : scatterND(asIndices(rows), dy, shape)];
  })[0] as Tensor2D;
}

/** A copy of `base` `[R, D]` with row `rows[k]` replaced by row k of `values` `[K, D]`, without a gradient. */
export function replaceRows(base: Tensor2D, values: Tensor2D, rows: Tensor1D): Tensor2D {
  return runOrCompose('VitrailPutRows', { base, values, rows }, {}, () => {
    // A copy, because the kernel of the cpu backend (tfjs 4.22) writes into what it is given.
    return [rows.size === 0 ? clone(base) : tensorScatterUpdate(add(base, zeros([], base.dtype)), asIndices(rows), values)];
  })[0] as Tensor2D;
}

function asIndices(rows: Tensor1D): Tensor2D {
  return reshape(rows, [rows.size, 1]);
}

/**
 * Throws `invalid-argument` unless `indices` are int32 in `[0, limit)`: outside of it some kernels read and write foreign memory. On a GPU
 * the values are not looked at, since reading them back would stall it.
 */
export function requireIndices(op: string, indices: Tensor, limit: number): void {
  if (indices.dtype !== 'int32') {
    throw new VitrailError('invalid-argument', `${op}: indices are int32, but ${indices.dtype} came`);
  }
  if (!valuesAreOnHost()) return;
  const outside = indices.dataSync().find((index) => index < 0 || index >= limit);
  if (outside !== undefined) {
    throw new VitrailError('invalid-argument', `${op}: indices lie in [0, ${limit}), but ${outside} came`);
  }
}
