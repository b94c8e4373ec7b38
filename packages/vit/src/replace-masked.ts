import { add, cast, expandDims, mul, reshape, sub, type Tensor, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import { linear } from '@vitrail/ops';

/**
 * Patches of which the mask token takes some: `x (1 - m) + maskToken m`.
 *
 * Arithmetic, because `where` is slow on the `wasm` backend; `m maskToken` as a product, for its gradient.
 *
 * @param x `[B, N, D]`
 * @param maskToken `[D]`
 * @param mask `[B, N]`, 1 for a patch that is replaced
 * @returns `[B, N, D]`
 */
export function replaceMasked(x: Tensor3D, maskToken: Tensor, mask: Tensor2D): Tensor3D {
  const masked = cast(expandDims(mask, 2), 'float32'); // [B, N, 1]
  return add(mul(x, sub(1, masked)), linear(masked, { kernel: reshape(maskToken, [1, maskToken.size]) }));
}
