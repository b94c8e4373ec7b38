import { abs, cast, mean, sub, type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { sampleMeans } from './masked-mean.ts';
import { requirePatches } from './require-patches.ts';

/**
 * The loss of SimMIM: absolute differences of the pixels of hidden patches. Per sample, the mean over its hidden pixels and their channels:
 *
 * `loss[b] = sum_i m[b, i] mean_p |prediction[b, i, p] - target[b, i, p]| / max(sum_i m[b, i], 1)`, so 0 where nothing is hidden
 *
 * Deviation: SimMIM takes the mean over the hidden pixels of the whole batch, which is the mean of this where every sample hides equally
 * many, and adds 1e-5 to their number.
 *
 * @param prediction `[B, N, P]`
 * @param target `[B, N, P]`: `patchify` of the pictures
 * @param mask `[B, N]`: 1 for a hidden patch, else 0, of any type
 * @returns `[B]`, at least 0, in the units of the pixels; the caller's
 * @throws `shape-mismatch` when the three do not fit together
 * @see "SimMIM", Xie et al. 2022 (arXiv 2111.09886), section 3.3; code microsoft/SimMIM, `models/simmim.py`
 * @example simMim(zeros([2, 196, 768]), ones([2, 196, 768]), ones([2, 196])).shape // [2], each 1
 */
export function simMim(prediction: Tensor3D, target: Tensor3D, mask: Tensor): Tensor1D {
  requirePatches('simMim', prediction, target, mask);
  return tidy(() => sampleMeans(mean<Tensor2D>(abs(sub(prediction, target)), 2), cast(mask, 'float32')));
}
