import { VitrailError } from '@vitrail/core';
import type { ConfusionMatrix } from './confusion-matrix.ts';

/** What {@link segmentationScores} finds; everything in [0, 1]. */
export type SegmentationScores = {
  /** Mean of `iou` over the classes that are there. */
  mIoU: number;
  /** Share of pixels whose class was found. */
  pixelAccuracy: number;
  /** Intersection over union of each class; `undefined` for one that neither the truth nor the prediction has. */
  iou: readonly (number | undefined)[];
  /** What can be had without looking at the pictures. */
  chance: { mIoU: number };
};

/**
 * Intersection over union and pixel accuracy of everything that was added to a confusion matrix.
 *
 * `IoU_c = n_cc / (truth_c + predicted_c - n_cc)`; `mIoU` is its mean over the classes whose union is not empty (a class that is only
 * predicted counts, with 0); `pixelAccuracy = sum_c n_cc / n`.
 *
 * `chance.mIoU` is the larger of two, both from the shares `p_c` of the true classes:
 * - the best constant map: class c everywhere has `IoU_c = p_c` and 0 for the other classes of the truth, so `max_c p_c / present`, with
 *   `present` the number of classes in the truth;
 * - uniform guessing among all C classes: expected intersection `p_c / C`, expected union `p_c + 1/C - p_c/C`. Every class is predicted
 *   somewhere, so the mean is over all C, with 0 for those that the truth lacks (a ratio of expectations: exact for many pixels).
 *
 * @returns numbers in [0, 1]
 * @throws `missing-data` when nothing was added
 * @see Everingham et al. 2010 (PASCAL VOC), section 4.3; Long et al. 2015 (FCN), section 5
 * @example segmentationScores(matrix) // { mIoU: 0.41, pixelAccuracy: 0.77, iou: [0.7, 0.12, undefined], chance: { mIoU: 0.3 } }
 */
export function segmentationScores({ classCount, counts }: ConfusionMatrix): SegmentationScores {
  const truth = new Float64Array(classCount);
  const predicted = new Float64Array(classCount);
  let total = 0;
  let correct = 0;
  counts.forEach((count, place) => {
    truth[Math.floor(place / classCount)] += count;
    predicted[place % classCount] += count;
    total += count;
    if (place % (classCount + 1) === 0) correct += count;
  });
  if (total === 0) {
    throw new VitrailError('missing-data', 'segmentationScores: nothing was counted; add label maps to the matrix first');
  }
  const iou = Array.from(truth, (inTruth, c) => {
    const both = counts[c * classCount + c];
    const union = inTruth + predicted[c] - both;
    return union > 0 ? both / union : undefined;
  });
  return {
    mIoU: mean(iou.filter((value) => value !== undefined)),
    pixelAccuracy: correct / total,
    iou,
    chance: { mIoU: chanceMIoU(truth, total) },
  };
}

function chanceMIoU(truth: Float64Array, total: number): number {
  const shares = Array.from(truth, (count) => count / total);
  const constant = Math.max(...shares) / shares.filter((share) => share > 0).length;
  const guess = 1 / shares.length;
  const uniform = mean(shares.map((share) => (share * guess) / (share + guess - share * guess)));
  return Math.max(constant, uniform);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
