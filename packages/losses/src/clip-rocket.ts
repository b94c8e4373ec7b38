import { add, addN, exp, mul, type Scalar, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import { requireShape } from '@vitrail/core';
import { type CrossModalViews, requireViews } from './cross-modal-views.ts';
import { type Gather, unitRows } from './gather.ts';
import { matchingLabels, pairLoss, requireSmoothing } from './pair-loss.ts';

/**
 * The loss of improved CLIP (CLIP-Rocket): InfoNCE between the weak views, and between every strong view of the images and every strong view
 * of the texts, with a temperature of its own and label smoothing.
 *
 * `loss[i] = (infoNce(weak)[i] + A mean_{a, b} infoNce(images_a, texts_b)[i]) / (1 + A)`, A the number of strong views of either
 *
 * Without strong views (A = 0) it is CLIP. Where the authors say "sum" instead of "avg" (all data but CC3M), they add the two directions of
 * InfoNCE: that is twice this.
 *
 * @param views features of any length: weak `[B, D]`, strong `[B, E]`
 * @param logitScales logs of the inverse temperatures; CLIP-Rocket starts at `log(1 / 0.07)` for weak and `log 10` for strong views
 * @param options `labelSmoothing` of the strong pairs, in [0, 1], 0 by default (0.1 in CLIP-Rocket); `gather`, none by default, called once per
 *   view: weak images, weak texts, strong images, strong texts. Deviation: in the reference what is gathered carries no gradient
 * @returns `[B]`, in nats, at least 0; the caller's
 * @throws `shape-mismatch` when views do not fit together; `invalid-argument` for an empty batch, a smoothing outside [0, 1], or unequal
 *   numbers of views
 * @see "Improved baselines for vision-language pre-training", Fini et al. 2023 (arXiv 2305.08675); code facebookresearch/clip-rocket,
 *   `losses.py` (CL2LLoss)
 * @example clipRocket({ weak, strong: { images: [h0, h1], texts: [g0, g1] } }, logitScales, { labelSmoothing: 0.1 }).shape // [32]
 */
export function clipRocket(
  views: CrossModalViews,
  logitScales: { readonly weak: Scalar; readonly strong: Scalar },
  { labelSmoothing = 0, gather }: { labelSmoothing?: number; gather?: Gather } = {},
): Tensor1D {
  requireViews('clipRocket', views);
  requireShape('clipRocket', 'logitScales.weak', logitScales.weak, []);
  requireShape('clipRocket', 'logitScales.strong', logitScales.strong, []);
  requireSmoothing('clipRocket', labelSmoothing);
  const { weak, strong } = views;
  return tidy(() => {
    const [u, v] = [weak.images, weak.texts].map((rows) => unitRows('clipRocket', rows, gather));
    const weakLoss = pairLoss(u, v, exp(logitScales.weak), matchingLabels(u, v, 0));
    const count = strong.images.length;
    if (count === 0) return weakLoss;
    const images = strong.images.map((rows) => unitRows('clipRocket', rows, gather));
    const texts = strong.texts.map((rows) => unitRows('clipRocket', rows, gather));
    const labels = matchingLabels(images[0], texts[0], labelSmoothing);
    const scale = exp(logitScales.strong);
    const strongLosses = images.flatMap((image) => texts.map((text) => pairLoss(image, text, scale, labels)));
    return mul(add(weakLoss, mul(addN(strongLosses), 1 / count)), 1 / (1 + count));
  });
}
