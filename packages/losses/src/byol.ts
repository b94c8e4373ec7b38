import { add, mul, type Tensor, type Tensor1D, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { requireShape } from '@vitrail/core';
import { negativeCosine } from './negative-cosine.ts';

/**
 * The regression loss of BYOL: the squared distance between a prediction and its target, both of length 1, the target a constant.
 *
 * `loss[i] = ||p_i / ||p_i|| - v_i / ||v_i||||^2 = 2 - 2 cos(p_i, v_i)`
 *
 * In BYOL the targets come from a momentum copy of the network. With targets of the network itself it is SimSiam on another scale.
 * The papers add the loss with the two views exchanged.
 *
 * @param prediction `[B, D]`, of any length
 * @param target `[B, D]`, of any length; gets no gradient
 * @returns `[B]`, in [0, 4]; the caller's
 * @throws `shape-mismatch` unless both are `[B, D]`
 * @see "Bootstrap Your Own Latent" (BYOL), Grill et al. 2020 (arXiv 2006.07733), eq. 2
 * @example byol(ones([32, 128]), ones([32, 128])).shape // [32], each 0
 */
export function byol(prediction: Tensor2D, target: Tensor): Tensor1D {
  requireShape('byol', 'prediction', prediction, ['B', 'D']);
  requireShape('byol', 'target', target, prediction.shape);
  return tidy(() => add(2, mul(2, negativeCosine<Tensor1D>(prediction, target))));
}
