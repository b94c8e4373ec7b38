import { concat1d, div, maximum, type Scalar, scalar, sqrt, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { type TensorTree, treeLeaves, VitrailError } from '@vitrail/core';
import { runOrCompose } from '@vitrail/ops';
import type { KernelName } from './kernels.ts';
import { rowSumsOfSquares } from './sum-of-squares.ts';

/**
 * The norm of all tensors of a tree together: `sqrt(sum over all tensors of sum(x^2))`, 0 of an empty tree.
 *
 * A value that is not finite, or whose square overflows float32, makes it infinite or NaN. One kernel (`VitrailGlobalNorm`) where one is
 * registered, else two per tensor and three in all.
 *
 * @param tree float32 tensors of any shapes; they stay the caller's
 * @returns a scalar, the caller's. Nothing is read back from the device
 * @example globalNorm({ kernel: tensor2d([[2, 4]]), bias: tensor1d([4]) }).shape // [], value 6
 */
export function globalNorm(tree: TensorTree): Scalar {
  const tensors = treeLeaves<Tensor>(tree);
  if (tensors.length === 0) return scalar(0);
  const inputs = Object.fromEntries(tensors.map((tensor, i) => [`x${i}`, tensor]));
  const [norm] = runOrCompose<KernelName>('VitrailGlobalNorm', inputs, {}, () => [
    tidy(() => sqrt(sum<Scalar>(concat1d(tensors.map(rowSumsOfSquares))))),
  ]);
  return norm as Scalar;
}

/**
 * What gradients of a global norm are multiplied by to be at most `maximumNorm` long: `min(1, maximumNorm / norm)`, 1 at a norm of 0. As
 * `gradientScale` of an optimiser's `update` it clips without a copy of the gradients.
 *
 * @param norm a scalar, of {@link globalNorm}; stays the caller's
 * @param maximumNorm finite and above 0
 * @returns a scalar, the caller's. Nothing is read back from the device
 * @throws `invalid-argument` for a maximum that is not above 0, or infinite: leave out the scale to clip nothing
 * @see Pascanu et al. 2013, "On the difficulty of training recurrent neural networks", algorithm 1, https://arxiv.org/abs/1211.5063
 * @example clippingScale(scalar(5), 1).shape // [], value 0.2
 */
export function clippingScale(norm: Scalar, maximumNorm: number): Scalar {
  if (!(maximumNorm > 0 && maximumNorm < Number.POSITIVE_INFINITY)) {
    throw new VitrailError('invalid-argument', `clippingScale: maximumNorm is a number above 0, but ${maximumNorm} came`);
  }
  return tidy(() => div(maximumNorm, maximum(norm, maximumNorm)));
}
