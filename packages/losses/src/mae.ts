import { cast, mean, square, sub, type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { sampleMeans } from './masked-mean.ts';
import { requirePatches } from './require-patches.ts';

/**
 * The loss of masked autoencoders: squared differences of the pixels of hidden patches. Per sample, the mean over its hidden patches:
 *
 * `loss[b] = sum_i m[b, i] mean_p (prediction[b, i, p] - target[b, i, p])^2 / max(sum_i m[b, i], 1)`, so 0 where nothing is hidden
 *
 * Deviation: MAE takes the mean over the hidden patches of the whole batch, which is the mean of this where every sample hides equally many.
 *
 * @param prediction `[B, N, P]`
 * @param target `[B, N, P]`: `patchify` of the pictures, or its `normalizePatches`
 * @param mask `[B, N]`: 1 for a hidden patch, else 0, of any type
 * @returns `[B]`, at least 0; the caller's
 * @throws `shape-mismatch` when the three do not fit together
 * @see "Masked Autoencoders Are Scalable Vision Learners" (MAE), He et al. 2022 (arXiv 2111.06377), section 3; code `models_mae.py`
 * @example mae(zeros([2, 196, 768]), ones([2, 196, 768]), ones([2, 196])).shape // [2], each 1
 */
export function mae(prediction: Tensor3D, target: Tensor3D, mask: Tensor): Tensor1D {
  requirePatches('mae', prediction, target, mask);
  return tidy(() => sampleMeans(mean<Tensor2D>(square(sub(prediction, target)), 2), cast(mask, 'float32')));
}
