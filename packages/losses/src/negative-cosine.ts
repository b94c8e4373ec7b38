import { mul, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { requireLastAxis, requireShape } from '@vitrail/core';
import { l2Normalize, withoutGradient } from '@vitrail/ops';

/**
 * How far a prediction points away from its target, which is a constant: `-cos(prediction, target)` along the last axis.
 *
 * On two views of a batch it is SimSiam's D, the loss being `(D(p1, z2) + D(p2, z1)) / 2`; on the tokens of a student and a teacher who see
 * the same picture it is feature distillation, that is UTA at mask ratio 0; averaged over the tokens of a student whose hidden patches
 * were replaced by mask tokens it is UTA and masked image modelling together.
 *
 * Vectors are divided by their length, at least 1e-12 (PyTorch's `CosineSimilarity` says 1e-8 for the product of both); a vector of zeros
 * has a cosine of 0.
 *
 * @param prediction `[..., D]`, of any length
 * @param target `[..., D]`, of any length; gets no gradient
 * @returns `[...]`, in [-1, 1]; the caller's
 * @throws `shape-mismatch` when the two differ in shape, or are scalars
 * @see "Exploring Simple Siamese Representation Learning" (SimSiam), Chen, He 2021 (arXiv 2011.10566), eq. 1 and 3; "Enhancing
 *   Vision-Language Model with Unmasked Token Alignment" (UTA), Liu et al. 2024 (arXiv 2405.19009), section 5
 * @example negativeCosine(ones([32, 197, 512]), ones([32, 197, 512])).shape // [32, 197], each -1
 */
export function negativeCosine<T extends Tensor = Tensor>(prediction: Tensor, target: Tensor): T {
  requireLastAxis('negativeCosine', 'prediction', prediction);
  requireShape('negativeCosine', 'target', target, prediction.shape);
  return tidy(() => {
    const goal = withoutGradient(() => l2Normalize(target));
    return mul(-1, sum<T>(mul(l2Normalize(prediction), goal), -1));
  });
}
