import { add, fill, mul, type Rank, reshape, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import { requireShape, VitrailError } from '@vitrail/core';
import { matrixProduct } from '@vitrail/ops';
import type { HeadScores } from './apply-prototype-head.ts';

/**
 * The running mean of a teacher's scores, which is taken from them so that no prototype wins everywhere:
 * `c' = momentum c + (1 - momentum) mean_t(features[t] prototypes)`.
 *
 * The mean is taken of the features and then multiplied, which is the same number; the `[T, K]` scores are never made. A step uses the
 * old center for its targets and passes the new one to the next step.
 *
 * @param center `[K]`, zeros at the start; it stays as it is
 * @param scores the teacher's, of all tokens of the batch: every CLS token for one center, every patch for another (as iBOT; DINOv2
 *   averages masked patches only)
 * @param momentum the share of the old center that is kept, in [0, 1]; 0.9 in DINO
 * @returns `[K]`, the caller's
 * @throws `shape-mismatch` when center and scores do not fit together; `invalid-argument` for no tokens, or a momentum outside [0, 1]
 * @see "Emerging Properties in Self-Supervised Vision Transformers" (DINO), Caron et al. 2021 (arXiv 2104.14294), eq. 4
 * @example updateCenter(zeros([512]), applyPrototypeHead(teacher, x), 0.9).shape // [512]
 */
export function updateCenter(center: Tensor1D, { features, prototypes }: HeadScores, momentum: number): Tensor1D {
  requireShape('updateCenter', 'features', features, ['T', 'd']);
  const [tokens, width] = features.shape;
  requireShape('updateCenter', 'prototypes', prototypes, [width, 'K']);
  requireShape('updateCenter', 'center', center, [prototypes.shape[1]]);
  if (tokens === 0) {
    throw new VitrailError('invalid-argument', 'updateCenter: a mean needs at least one token, but features of none came');
  }
  if (!(momentum >= 0 && momentum <= 1)) {
    throw new VitrailError('invalid-argument', `updateCenter: momentum lies in [0, 1], but ${momentum} came`);
  }
  return tidy(() => {
    // A product with equal weights: a mean over axis 0 is slow on the wasm backend.
    const meanFeature = matrixProduct(fill<Rank.R2>([1, tokens], 1 / tokens), features); // [1, d]
    const meanScore = reshape(matrixProduct(meanFeature, prototypes), center.shape); // [K]
    return add(mul(center, momentum), mul(meanScore, 1 - momentum));
  });
}
