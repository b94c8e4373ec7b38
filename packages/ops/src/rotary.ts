import { add, mul, reshape, type Tensor, type Tensor2D, type Tensor3D, type Tensor4D, tensor2d } from '@tensorflow/tfjs-core';
import { matrixProduct } from './matrix-product.ts';

/**
 * Cosines and sines that turn queries and keys by position, the same for every head: `[N, headSize]`, or `[B, N, headSize]` when the
 * samples hold different tokens (dropped patches).
 *
 * Dimensions `2i` and `2i + 1` are a pair, turned by one angle that stands twice in the table:
 * `(x0, x1) -> (x0 cos - x1 sin, x1 cos + x0 sin)`, as EVA-02 (`rope.py`). A row of `cos = 1, sin = 0` leaves its token (a CLS token) alone.
 *
 * @see "RoFormer", Su et al. 2021 (arXiv 2104.09864), section 3.2; "EVA-02", Fang et al. 2023 (arXiv 2303.11331)
 */
export type Rotary = { readonly cos: Tensor2D | Tensor3D; readonly sin: Tensor2D | Tensor3D };

/** `[heads, B, N, headSize]` turned: `x cos + quarterTurn(x) sin`. */
export function rotate(x: Tensor4D, rotary: Rotary): Tensor4D {
  return add(mul(x, table(rotary.cos)), mul(quarterTurn(x, 1), table(rotary.sin)));
}

/** The transpose of {@link rotate}, which is its gradient. */
export function rotateBack(dy: Tensor4D, rotary: Rotary): Tensor4D {
  return add(mul(dy, table(rotary.cos)), quarterTurn(mul(dy, table(rotary.sin)), -1));
}

function table(values: Tensor): Tensor4D {
  const [tokens, headSize] = values.shape.slice(-2);
  return reshape(values, [1, values.rank === 3 ? values.shape[0] : 1, tokens, headSize]);
}

/** Every pair `(x0, x1) -> (-x1, x0)` for direction 1, its inverse for -1; a product with a signed permutation, which is exact. */
function quarterTurn(x: Tensor4D, direction: 1 | -1): Tensor4D {
  const size = x.shape[3];
  const turn = new Float32Array(size * size);
  for (let i = 0; i < size; i += 2) {
    turn[i * size + i + 1] = direction;
    turn[(i + 1) * size + i] = -direction;
  }
  return reshape(matrixProduct(reshape(x, [x.size / size, size]), tensor2d(turn, [size, size])), x.shape);
}
