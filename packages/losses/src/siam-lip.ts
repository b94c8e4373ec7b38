import { addN, mul, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import { requireShape, VitrailError } from '@vitrail/core';
import { byol } from './byol.ts';
import { type CrossModalViews, everyPair, requireViews } from './cross-modal-views.ts';

/**
 * SimSiam or BYOL between images and texts (SiamLIP, BYOLIP): from each view of an image every view of its text of the same strength is to
 * be predicted, and the other way round.
 *
 * `loss[i] = (sum over pairs of D(p_I, v_T)[i] + D(p_T, v_I)[i]) / (2 + 2 A^2)`, `D = byol`, the pairs being the weak one and the A^2 strong
 * ones
 *
 * Beside it stands the loss of CLIP (`clipRocket`), with weight 1.
 *
 * @param predictions p: what the predictors make of the projections, `[B, D]`
 * @param targets v: the projections themselves (SiamLIP), or those of a momentum copy of the whole network (BYOLIP); get no gradient
 * @returns `[B]`, in [0, 4]; the caller's
 * @throws `shape-mismatch` when views do not fit together; `invalid-argument` for an empty batch or unequal numbers of views
 * @see "Improved baselines for vision-language pre-training", Fini et al. 2023 (arXiv 2305.08675); code facebookresearch/clip-rocket,
 *   `losses.py` (SiamLIPLoss)
 * @example siamLip(predictions, targets).shape // [32]
 */
export function siamLip(predictions: CrossModalViews, targets: CrossModalViews): Tensor1D {
  requireViews('siamLip', predictions);
  requireViews('siamLip', targets);
  requireShape('siamLip', 'targets.weak.images', targets.weak.images, predictions.weak.images.shape);
  const views = predictions.strong.images.length;
  if (targets.strong.images.length !== views) {
    throw new VitrailError(
      'invalid-argument',
      `siamLip: targets have as many strong views as predictions, ${views}, but ${targets.strong.images.length} came`,
    );
  }
  return tidy(() => {
    const pairs = [
      [predictions.weak.images, targets.weak.texts],
      [predictions.weak.texts, targets.weak.images],
      ...everyPair({ images: predictions.strong.images, texts: targets.strong.texts }),
      ...everyPair({ images: predictions.strong.texts, texts: targets.strong.images }),
    ];
    return mul(addN(pairs.map(([prediction, target]) => byol(prediction, target))), 1 / pairs.length);
  });
}
