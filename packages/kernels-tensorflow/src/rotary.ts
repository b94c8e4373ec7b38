import { add, mul, reshape, type Tensor, tensor2d } from '@tensorflow/tfjs-core';
import type { Products } from './products.ts';

/** Cosines and sines, `[N, headSize]` or `[B, N, headSize]`. */
export type Rotary = { readonly cos: Tensor; readonly sin: Tensor };

/** `[heads, B, N, headSize]`: every pair `(x0, x1) -> (x0 cos - x1 sin, x1 cos + x0 sin)`. */
export function rotate(x: Tensor, { cos, sin }: Rotary, ops: Products): Tensor {
  return add(mul(x, table(cos)), mul(quarterTurn(x, 1, ops), table(sin)));
}

/** The transpose of {@link rotate}, which is its gradient. */
export function rotateBack(dy: Tensor, { cos, sin }: Rotary, ops: Products): Tensor {
  return add(mul(dy, table(cos)), quarterTurn(mul(dy, table(sin)), -1, ops));
}

function table(values: Tensor): Tensor {
  const [tokens, headSize] = values.shape.slice(-2);
  return reshape(values, [1, values.rank === 3 ? values.shape[0] : 1, tokens, headSize]);
}

/**
 * Every pair `(x0, x1) -> (-x1, x0)` for direction 1, its inverse for -1; a product with a signed permutation, which is exact.
 */
function quarterTurn(x: Tensor, direction: 1 | -1, ops: Products): Tensor {
  const size = x.shape[x.rank - 1];
  const turn = new Float32Array(size * size);
  for (let i = 0; i < size; i += 2) {
    turn[i * size + i + 1] = direction;
    turn[(i + 1) * size + i] = -direction;
  }
  return reshape(ops.matMul(reshape(x, [x.size / size, size]), tensor2d(turn, [size, size])), x.shape);
}
