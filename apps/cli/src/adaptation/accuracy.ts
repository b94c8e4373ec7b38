import { argMax, dispose, type Tensor2D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import type { FewShotClassifier } from '@vitrail/adapt';
import type { TensorTree } from '@vitrail/core';
import type { SampleSource } from '@vitrail/data';
import { linear } from '@vitrail/ops';
import type { Model } from '@vitrail/pretrained';
import { type PictureOptions, picturesInChunks } from '../evaluation/pictures-in-chunks.ts';
import { classOf } from './shots.ts';

/** Shares of pictures in [0, 1]. */
export type Accuracy = {
  /** The largest logit is that of the true class. */
  top1: number;
  /** Mean of that over the classes that have pictures. */
  meanPerClass: number;
};

/**
 * How often a classifier finds the class of pictures, the first `count` of a source.
 *
 * @throws as `picturesInChunks`.
 */
export async function measureAccuracy(
  classifier: FewShotClassifier,
  own: TensorTree,
  source: SampleSource,
  { model, ...pictures }: Pick<PictureOptions, 'count' | 'onBadSample' | 'signal'> & { model: Model },
): Promise<Accuracy> {
  const classes = source.classNames?.length ?? 0;
  const [right, total] = [new Float64Array(classes), new Float64Array(classes)];
  const head = classifier.head(own);
  const side = model.imageSize;
  try {
    const prepare: PictureOptions['prepare'] = (picture) => model.prepare(picture, 'reference');
    for await (const { samples, pixels } of picturesInChunks(source, { ...pictures, prepare, require: classOf })) {
      const found = tidy(() => {
        const features = classifier.features(own, tensor4d(pixels, [samples.length, side, side, 3]));
        return argMax(linear(features, head) as Tensor2D, 1);
      });
      const predicted = await found.data();
      found.dispose();
      samples.map(classOf).forEach((known, i) => {
        total[known]++;
        if (predicted[i] === known) right[known]++;
      });
    }
  } finally {
    dispose({ ...head });
  }
  const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);
  const shares = [...right].map((count, i) => count / total[i]).filter((_, i) => total[i] > 0);
  return { top1: sum(right) / sum(total), meanPerClass: shares.reduce((a, b) => a + b, 0) / shares.length };
}
