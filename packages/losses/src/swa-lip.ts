import { addN, exp, mul, type Scalar, type Tensor1D, type Tensor2D, tidy, transpose } from '@tensorflow/tfjs-core';
import { type AllReduce, requireShape, VitrailError } from '@vitrail/core';
import { softTargetCrossEntropy } from '@vitrail/ops';
import { requireStrongViews } from './cross-modal-views.ts';
import { type Gather, type UnitRows, unitRows } from './gather.ts';
import { sinkhornCenter } from './sinkhorn-center.ts';

/**
 * Swapped assignments between images and texts without prototypes (SwALIP): the texts of the batch are the clusters that its images are
 * assigned to, and the other way round. Of two views of each, one predicts the assignment that the other two views give.
 *
 * `loss[i] = 1/4 sum_{a, b in {0, 1}} (CE(T_I[1-a][1-b][i], s S_I[a][b][i]) + CE(T_T[1-a][1-b][i], s S_T[a][b][i])) / 2`,
 * `S_I[a][b]` cosines of image view a with text view b, `S_T[a][b]` of text view a with image view b, `T` Sinkhorn's assignment of S (a
 * constant), `CE(t, z) = -sum_j t_j log softmax(z)_j`, `s = exp(logitScale)`
 *
 * CLIP-Rocket adds 0.2 times its mean to the loss of CLIP (`clipRocket` of the same views, without label smoothing).
 *
 * @param views two of images and two of texts, `[B, D]` each and of any length: CLIP-Rocket's strong views
 * @param logitScale log of the inverse temperature of the strong views
 * @param options `targetTemperature` of the assignments, above 0, 0.05 by default; `iterations` as for {@link sinkhornCenter}; for several
 *   workers both `gather` (called for the images, then for the texts) and `allReduce`, none by default
 * @returns `[B]`, in nats, at least 0; the caller's
 * @throws `shape-mismatch` when views do not fit together; `invalid-argument` for an empty batch, other than two views of either, one of
 *   `gather` and `allReduce` without the other, or as {@link sinkhornCenter}
 * @see "Improved baselines for vision-language pre-training", Fini et al. 2023 (arXiv 2305.08675); code facebookresearch/clip-rocket,
 *   `losses.py` (SwALIPLoss)
 * @example swaLip({ images: [h0, h1], texts: [g0, g1] }, scalar(Math.log(10))).shape // [32]
 */
export function swaLip(
  views: { readonly images: readonly [Tensor2D, Tensor2D]; readonly texts: readonly [Tensor2D, Tensor2D] },
  logitScale: Scalar,
  {
    targetTemperature = 0.05,
    iterations,
    gather,
    allReduce,
  }: { targetTemperature?: number; iterations?: number; gather?: Gather; allReduce?: AllReduce } = {},
): Tensor1D {
  requireTwoViews(views, logitScale);
  if ((gather === undefined) !== (allReduce === undefined)) {
    throw new VitrailError('invalid-argument', 'swaLip: several workers need both gather and allReduce, but only one came');
  }
  return tidy(() => {
    const images = views.images.map((rows) => unitRows('swaLip', rows, gather));
    const texts = views.texts.map((rows) => unitRows('swaLip', rows, gather));
    const scale = exp(logitScale);
    const swapped = (queries: UnitRows[], candidates: UnitRows[], a: number, b: number): Tensor1D => {
      const scores = {
        features: queries[1 - a].own,
        prototypes: transpose(candidates[1 - b].all), // [D, W B]
        temperature: targetTemperature,
      };
      return softTargetCrossEntropy(
        { features: mul(queries[a].own, scale), prototypes: transpose(candidates[b].all), temperature: 1 },
        { ...scores, center: sinkhornCenter(scores, { iterations, allReduce }) },
      );
    };
    const losses = [0, 1].flatMap((a) => [0, 1].flatMap((b) => [swapped(images, texts, a, b), swapped(texts, images, a, b)]));
    return mul(addN(losses), 1 / losses.length);
  });
}

function requireTwoViews(
  { images, texts }: { images: readonly Tensor2D[]; texts: readonly Tensor2D[] },
  logitScale: Scalar,
): void {
  requireShape('swaLip', 'logitScale', logitScale, []);
  if (images.length !== 2 || texts.length !== 2) {
    throw new VitrailError(
      'invalid-argument',
      `swaLip: there are two views of images and two of texts, but ${images.length} and ${texts.length} came`,
    );
  }
  requireShape('swaLip', 'images[0]', images[0], ['B', 'D']);
  const [batch] = images[0].shape;
  if (batch === 0) throw new VitrailError('invalid-argument', 'swaLip: a batch holds at least one pair, but an empty one came');
  requireStrongViews('swaLip', { images, texts }, batch);
}
