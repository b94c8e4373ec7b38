import { concat, getBackend, matMul, reshape, slice, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import { matrixProduct } from './matrix-product.ts';

/** From this many multiply-adds on, a product is worth the copies that take it out of its batch (measured on tfjs 4.22). */
const WORTH_COPYING = 200_000;

/**
 * `[G, n, m] x [G, m, p] -> [G, n, p]`.
 *
 * The `wasm` backend runs batched products at a tenth of the speed of single ones, so there large ones are taken one by one.
 */
export function batchedProduct(a: Tensor3D, b: Tensor3D): Tensor3D {
  const [groups, n, m] = a.shape;
  const p = b.shape[2];
  const isWorthCopying = getBackend() === 'wasm' && n * m * p >= WORTH_COPYING;
  if (groups === 0 || (groups > 1 && !isWorthCopying)) return matMul(a, b);
  const right = matrices(b);
  return reshape(concat(matrices(a).map((left, g) => matrixProduct(left, right[g]))), [groups, n, p]);
}

/** The matrices of a batch, by halving: every slice on `wasm` copies all that it is taken from. */
function matrices(x: Tensor3D): Tensor2D[] {
  const [groups, n, m] = x.shape;
  if (groups === 1) return [reshape(x, [n, m])];
  const half = Math.floor(groups / 2);
  return [...matrices(slice(x, [0, 0, 0], [half, n, m])), ...matrices(slice(x, [half, 0, 0], [groups - half, n, m]))];
}
