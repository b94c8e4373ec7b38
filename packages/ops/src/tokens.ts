import { add, expandDims, range, reshape, type Tensor1D, type Tensor2D, type Tensor3D, zeros } from '@tensorflow/tfjs-core';
import { requireShape } from '@vitrail/core';
import { differentiable } from './dispatch.ts';
import { readRows, replaceRows, requireIndices, sumIntoRows } from './take-rows.ts';

/**
 * Some tokens of each sample: `y[b, k] = x[b, indices[b, k]]`. The gradient adds up over tokens taken more than once.
 *
 * @param x `[B, N, D]`
 * @param indices `[B, K]`, int32, in `[0, N)`
 * @returns `[B, K, D]`, the caller's
 * @throws `shape-mismatch` for wrong ranks or another batch size; `invalid-argument` for indices as in {@link takeRows}
 * @example takeTokens(ones([2, 9, 4]), tensor2d([[0, 3], [1, 8]], [2, 2], 'int32')).shape // [2, 2, 4]
 */
export function takeTokens(x: Tensor3D, indices: Tensor2D): Tensor3D {
  requireShape('takeTokens', 'x', x, ['B', 'N', 'D']);
  const [batch, tokens, width] = x.shape;
  requireShape('takeTokens', 'indices', indices, [batch, 'K']);
  requireIndices('takeTokens', indices, tokens);
  return differentiable<Tensor3D>(
    [x],
    () => {
      const rows = flatRows(indices, tokens);
      return { value: reshape(readRows(flatten(x), rows), [...indices.shape, width]), saved: [rows] };
    },
    (dy, [rows]) => [reshape(sumIntoRows(flatten(dy), rows as Tensor1D, batch * tokens), x.shape)],
  );
}

/**
 * Tokens of each sample replaced: a copy of `base` with `y[b, indices[b, k]] = tokens[b, k]`. What was there before gets no gradient.
 *
 * @param base `[B, N, D]`
 * @param tokens `[B, K, D]`
 * @param indices `[B, K]`, int32, in `[0, N)`, distinct within a sample (not checked)
 * @returns `[B, N, D]`, the caller's
 * @throws as {@link takeTokens}
 * @example putTokens(zeros([2, 9, 4]), ones([2, 1, 4]), tensor2d([[0], [8]], [2, 1], 'int32')).shape // [2, 9, 4]
 */
export function putTokens(base: Tensor3D, tokens: Tensor3D, indices: Tensor2D): Tensor3D {
  requireShape('putTokens', 'base', base, ['B', 'N', 'D']);
  const [batch, count, width] = base.shape;
  requireShape('putTokens', 'indices', indices, [batch, 'K']);
  requireShape('putTokens', 'tokens', tokens, [batch, indices.shape[1], width]);
  requireIndices('putTokens', indices, count);
  return differentiable<Tensor3D>(
    [base, tokens],
    () => {
      const rows = flatRows(indices, count);
      return { value: reshape(replaceRows(flatten(base), flatten(tokens), rows), base.shape), saved: [rows] };
    },
    (dy, [saved]) => {
      const rows = saved as Tensor1D;
      const dBase = replaceRows(flatten(dy), zeros([rows.size, width]), rows);
      return [reshape(dBase, base.shape), reshape(readRows(flatten(dy), rows), tokens.shape)];
    },
  );
}

/** `[B, N, D]` as `[B * N, D]`. */
function flatten(x: Tensor3D): Tensor2D {
  return reshape(x, [x.shape[0] * x.shape[1], x.shape[2]]);
}

/** Indices `[B, K]` into samples of `tokens` rows each, as indices `[B * K]` into all rows of the batch. */
function flatRows(indices: Tensor2D, tokens: number): Tensor1D {
  const starts = range(0, indices.shape[0] * tokens, tokens, 'int32');
  return reshape(add(indices, expandDims(starts, 1)), [indices.size]);
}
