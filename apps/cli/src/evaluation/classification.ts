import { dispose, type Tensor2D } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import type { Sample, SampleSource } from '@vitrail/data';
import { knn, zeroShotClassification } from '@vitrail/eval';
import type { Model } from '@vitrail/pretrained';
import { ClsFeatures } from './cls-features.ts';
import type { EvaluationResult } from './evaluation-result.ts';
import { type PictureOptions, picturesInChunks } from './pictures-in-chunks.ts';
import { sourceClassEmbeddings } from './prompts.ts';

/**
 * Zero-shot classification and k-NN of pictures that show one thing: the source's own where they have a class, else its `singles` (the
 * tiles of a mosaic, scenes of one object).
 *
 * Both use the last CLS token; the first one's zero-shot accuracy stands beside. The k-NN's gallery are the pictures at even places,
 * its queries those at odd ones.
 */
export async function evaluateClassification(
  model: Model,
  source: SampleSource,
  pictures: PictureOptions,
  { zeroShot, nearest }: { zeroShot: boolean; nearest: boolean },
): Promise<EvaluationResult> {
  const singles = source.singles?.() ?? source;
  const classCount = singles.classNames?.length ?? 0;
  const labels: number[] = [];
  const features = new ClsFeatures();
  for await (const { samples, pixels } of picturesInChunks(singles, { ...pictures, require: classOf })) {
    await features.add(model, pixels, samples.length);
    labels.push(...samples.map(classOf));
  }
  const last = features.tokens - 1;
  const isGallery = (index: number) => index % 2 === 0;
  const labelsWhere = (selects: (index: number) => boolean) => Int32Array.from(labels.filter((_, index) => selects(index)));

  const scoresOf = async (classes: Tensor2D, token: number) => {
    const images = features.tensor(token);
    return await zeroShotClassification({ features: images, classes, labels: Int32Array.from(labels) }).finally(() =>
      images.dispose(),
    );
  };
  const result: EvaluationResult = {};
  if (zeroShot) {
    const classes = await sourceClassEmbeddings(model, singles);
    try {
      result.zeroShotClassification = {
        ...(await scoresOf(classes, last)),
        chance: { top1: 1 / classCount },
        ...(last > 0 && { firstCls: await scoresOf(classes, 0) }),
      };
    } finally {
      classes.dispose();
    }
  }
  if (nearest) {
    const halves = { train: features.tensor(last, isGallery), test: features.tensor(last, (index) => !isGallery(index)) };
    const trainLabels = labelsWhere(isGallery);
    const testLabels = labelsWhere((index) => !isGallery(index));
    const { top1 } = await knn({ ...halves, trainLabels, testLabels, classCount }).finally(() => dispose(halves));
    result.knn = { top1, chance: { top1: chanceOfNeighbour(trainLabels, testLabels) } };
  }
  return result;
}

function classOf(sample: Sample): number {
  if (sample.classIndex === undefined) throw new VitrailError('corrupt-data', 'it has no class, but classification needs one');
  return sample.classIndex;
}

/** How often a picture and one that is drawn from the gallery are of one class: `sum_c p_gallery(c) p_query(c)`, for c equal classes 1 / c. */
export function chanceOfNeighbour(gallery: ArrayLike<number>, queries: ArrayLike<number>): number {
  const counts = new Map<number, number>();
  for (const label of Array.from(gallery)) counts.set(label, (counts.get(label) ?? 0) + 1);
  const pairs = Array.from(queries).reduce((sum, label) => sum + (counts.get(label) ?? 0), 0);
  return pairs / (gallery.length * queries.length);
}
