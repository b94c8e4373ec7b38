import { clone, mul, type Scalar } from '@tensorflow/tfjs-core';
import { mapTree, type TensorTree, VitrailError } from '@vitrail/core';
import { clippingScale, globalNorm } from './global-norm.ts';

/**
 * Gradients scaled down together so that their global norm is at most `maximumNorm`: `g * min(1, maximumNorm / norm)` with
 * `norm = sqrt(sum over all tensors of sum(g^2))`.
 *
 * Pascanu et al. 2013, "On the difficulty of training recurrent neural networks", algorithm 1. PyTorch's `clip_grad_norm_` divides by
 * `norm + 1e-6`; here gradients longer than the maximum get exactly the maximum.
 *
 * For an optimiser's step, `globalNorm`, `clippingScale` and the optimiser's `gradientScale` do the same without a copy of the gradients.
 *
 * A gradient that is not finite, or whose square overflows float32, makes the norm infinite or NaN, and the clipped gradients worthless:
 * look at the norm before using them.
 *
 * @param grads float32 tensors of any shapes; they stay the caller's
 * @param maximumNorm above 0; `Infinity` clips nothing
 * @returns new tensors of the same paths, and the norm before clipping, a scalar: all the caller's. Nothing is read back from the device
 * @throws `invalid-argument` for a maximum that is not above 0
 * @see https://arxiv.org/abs/1211.5063
 * @example clipByGlobalNorm({ bias: tensor1d([3, 4]) }, 1) // grads.bias [0.6, 0.8], norm 5
 */
export function clipByGlobalNorm<T extends TensorTree>(grads: T, maximumNorm: number): { grads: T; norm: Scalar } {
  requireMaximumNorm('clipByGlobalNorm', maximumNorm);
  const norm = globalNorm(grads);
  if (maximumNorm === Number.POSITIVE_INFINITY) return { grads: mapTree(grads, (grad) => clone(grad)), norm };
  const scale = clippingScale(norm, maximumNorm);
  const clipped = mapTree(grads, (grad) => mul(grad, scale));
  scale.dispose();
  return { grads: clipped, norm };
}

export function requireMaximumNorm(name: string, maximumNorm: number): void {
  if (!(maximumNorm > 0)) {
    throw new VitrailError(
      'invalid-argument',
      `${name}: maximumNorm is above 0 (Infinity for no clipping), but ${maximumNorm} came`,
    );
  }
}
