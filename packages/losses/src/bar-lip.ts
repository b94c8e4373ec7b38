import { addN, mul, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import { type AllReduce, requireShape } from '@vitrail/core';
import { barlowTwins } from './barlow-twins.ts';
import { type CrossModalViews, everyPair, requireViews } from './cross-modal-views.ts';

/**
 * Barlow Twins between images and texts (BarLIP), per *feature*: the mean of {@link barlowTwins} over the weak pair and the A^2 strong ones.
 *
 * CLIP-Rocket's term is 0.025 times the *sum* over features; beside it stands the loss of CLIP (`clipRocket`), with weight 1.
 *
 * @param views projections that end in a batch norm: weak `[B, D]`, strong `[B, D]`
 * @param options as for {@link barlowTwins}
 * @returns `[D]`, at least 0; the caller's
 * @throws `shape-mismatch` when views do not fit together; `invalid-argument` for an empty batch, unequal numbers of views or a negative
 *   lambda
 * @see "Improved baselines for vision-language pre-training", Fini et al. 2023 (arXiv 2305.08675); code facebookresearch/clip-rocket,
 *   `losses.py` (BarLIPLoss)
 * @example mul(0.025, sum(barLip(views))).shape // []
 */
export function barLip(views: CrossModalViews, options: { offDiagonal?: number; allReduce?: AllReduce } = {}): Tensor1D {
  requireViews('barLip', views);
  const [firstStrong] = views.strong.images;
  if (firstStrong) requireShape('barLip', 'strong.images', firstStrong, views.weak.images.shape);
  return tidy(() => {
    const pairs = [[views.weak.images, views.weak.texts], ...everyPair(views.strong)];
    return mul(addN(pairs.map(([images, texts]) => barlowTwins(images, texts, options))), 1 / pairs.length);
  });
}
