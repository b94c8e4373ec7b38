import { add, logSoftmax, mul, type Scalar, sum, type Tensor1D, type Tensor2D, transpose } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { linear } from '@vitrail/ops';
import type { UnitRows } from './gather.ts';
import { matchingPairs } from './matching-pairs.ts';

/** Target distributions over the candidates, `[B, W B]` each: over texts for every image, over images for every text. */
export type PairLabels = { readonly images: Tensor2D; readonly texts: Tensor2D };

/** Half the cross-entropy of every image over all texts and half that of every text over all images, `[B]`. */
export function pairLoss(
  images: UnitRows,
  texts: UnitRows,
  scale: Scalar,
  { images: toTexts, texts: toImages }: PairLabels,
): Tensor1D {
  return mul(0.5, add(crossEntropy(images.own, texts.all, scale, toTexts), crossEntropy(texts.own, images.all, scale, toImages)));
}

/** Labels of a batch in which pair i belongs together: both one-hot, smoothed. */
export function matchingLabels({ own, first }: UnitRows, { all }: UnitRows, smoothing: number): PairLabels {
  const labels = smoothed(matchingPairs(own.shape[0], all.shape[0], first), smoothing);
  return { images: labels, texts: labels };
}

/** `(1 - e) t + e / n` over the n candidates. */
export function smoothed(labels: Tensor2D, smoothing: number): Tensor2D {
  return smoothing === 0 ? labels : add(mul(labels, 1 - smoothing), smoothing / labels.shape[1]);
}

/** Throws `invalid-argument` for a smoothing outside [0, 1]. */
export function requireSmoothing(what: string, labelSmoothing: number): void {
  if (labelSmoothing >= 0 && labelSmoothing <= 1) return;
  throw new VitrailError('invalid-argument', `${what}: labelSmoothing lies in [0, 1], but ${labelSmoothing} came`);
}

/**
 * `[B]`. Each direction multiplies for itself, though one matrix is the transpose of the other: the loss stays along the last axis, and
 * the product is nothing beside the towers.
 */
function crossEntropy(queries: Tensor2D, candidates: Tensor2D, scale: Scalar, labels: Tensor2D): Tensor1D {
  const scores = linear(mul(queries, scale), { kernel: transpose(candidates) }); // [B, W B]
  return mul(-1, sum<Tensor1D>(mul(logSoftmax(scores), labels), 1));
}
