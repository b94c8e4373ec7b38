import type { Tensor2D } from '@tensorflow/tfjs-core';
import { cosineRows, rankOf } from './cosine-rows.ts';
import { finiteValues, requireLabels, requireShape } from './require-input.ts';

/** What {@link zeroShotClassification} takes. */
export type ZeroShotClassificationOptions = {
  /** Image features `[n, D]`, any length; the caller's. */
  features: Tensor2D;
  /** `[C, D]`, as {@link classEmbeddings} gives them; the caller's. They are normalised again. */
  classes: Tensor2D;
  /** `[n]`, the true class of each image, in `[0, C)`. */
  labels: ArrayLike<number>;
};

/** Shares of images in [0, 1]. */
export type ZeroShotAccuracy = {
  /** The nearest class is the true one. */
  top1: number;
  /** The true class is among the five nearest; only where there are more than five. */
  top5?: number;
  /** Mean over the classes that have images of their `top1`. */
  meanPerClass: number;
};

/**
 * How often the nearest class text, by cosine, is the class of the image. Equal cosines rank by class index.
 *
 * @throws `shape-mismatch`, `missing-data` (an empty axis), `non-finite`, `invalid-argument` (a label out of range)
 * @see Radford et al. 2021 (CLIP), section 3.1
 * @example await zeroShotClassification({ features, classes, labels: [0, 2, 1] }) // { top1: 0.67, meanPerClass: 0.67 }
 */
export async function zeroShotClassification({
  features,
  classes,
  labels,
}: ZeroShotClassificationOptions): Promise<ZeroShotAccuracy> {
  requireShape('zeroShotClassification', 'features', features, ['n', 'D']);
  const [count, width] = features.shape;
  requireShape('zeroShotClassification', 'classes', classes, ['C', width]);
  const [classCount] = classes.shape;
  requireLabels('zeroShotClassification', 'labels', labels, { length: count, classCount });
  await finiteValues('zeroShotClassification', { features, classes });

  const ranks: number[] = [];
  await cosineRows(features, classes, (image, scores) => {
    ranks.push(rankOf(labels[image], scores));
  });
  const total = new Float64Array(classCount);
  const correct = new Float64Array(classCount);
  ranks.forEach((rank, image) => {
    total[labels[image]]++;
    if (rank === 0) correct[labels[image]]++;
  });
  const perClass = Array.from(total, (images, c) => correct[c] / images).filter((_, c) => total[c] > 0);
  const within = (k: number) => ranks.filter((rank) => rank < k).length / count;
  return {
    top1: within(1),
    ...(classCount > 5 && { top5: within(5) }),
    meanPerClass: perClass.reduce((sum, accuracy) => sum + accuracy, 0) / perClass.length,
  };
}
