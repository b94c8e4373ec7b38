import { slice, squeeze, type Tensor2D, tidy, transpose } from '@tensorflow/tfjs-core';
import type { Sample, SampleSource } from '@vitrail/data';
import { l2Normalize, matrixProduct } from '@vitrail/ops';
import { classColors } from '@vitrail/paint';
import type { ImageFeatures, Model, Readout } from '@vitrail/pretrained';
import { concatenate } from '../concatenate.ts';
import { findCaption } from '../evaluation/descriptive-caption.ts';
import { sourceClassEmbeddings } from '../evaluation/prompts.ts';
import { encodePng, type PictureExample, type ReportPictures, type RetrievalExample } from '../report/index.ts';
import { type Classes, classMaps, featureMap } from './picture-maps.ts';
import { shrinkSample } from './shrink-sample.ts';

/** Pictures of a report that are shown with their maps, and those that a text is searched among. */
const shown = { maps: 8, retrieval: 4, candidates: 64, results: 5 } as const;

/** Longest side of a picture in a report, in pixels: some thirty photographs in full size would make a page of many megabytes. */
const largestPicture = 256;

/**
 * What a model makes of the first pictures of a source, for the report: PCA maps of their patches; of a model with texts predicted classes beside
 * the true ones, heat maps of words, and texts with the pictures they find. Pictures with label maps are shown where there are some.
 *
 * @param readout of the predicted classes and heat maps.
 */
export async function drawPictures(model: Model, source: SampleSource, readout: Readout): Promise<ReportPictures> {
  const samples = await readSamples(source, Math.max(largestPicture, model.imageSize));
  const names = source.classNames ?? [];
  const colors = classColors(names);
  const labelled = samples.filter(({ labels }) => labels !== undefined);
  const embeddings = model.encodesTexts && names.length > 0 ? await sourceClassEmbeddings(model, source) : undefined;
  const classes: Classes = { names, colors, ...(embeddings && { words: { embeddings, readout } }) };
  const segmentation: PictureExample[] = [];
  try {
    for (const sample of (labelled.length > 0 ? labelled : samples).slice(0, shown.maps)) {
      const { data, width, height } = sample.image;
      segmentation.push({
        caption: findCaption(sample) ?? names[sample.classIndex ?? -1] ?? sample.key,
        image: encodePng(data, width, height),
        pca: await featureMap(model, sample),
        ...(await classMaps(model, sample, classes)),
      });
    }
  } finally {
    embeddings?.dispose();
  }
  const captioned = samples.filter((sample) => findCaption(sample) !== undefined);
  return {
    classes: labelled.length > 0 ? names.map((name, i) => ({ name, color: colors[i] })) : [],
    segmentation,
    retrieval: model.encodesTexts ? await retrievalExamples(model, captioned) : [],
  };
}

/** The first pictures of a source, not larger than `side` pixels; bad ones, which the evaluation has told of, are left out. */
async function readSamples(source: SampleSource, side: number): Promise<Sample[]> {
  const indices = Array.from({ length: Math.min(shown.candidates, source.size) }, (_, index) => index);
  const samples = await Promise.all(indices.map((index) => source.read(index).catch(() => undefined)));
  return samples.flatMap((sample) => (sample === undefined ? [] : [shrinkSample(sample, side)]));
}

async function retrievalExamples(model: Model, samples: readonly Sample[]): Promise<RetrievalExample[]> {
  if (samples.length === 0) return [];
  const queries = samples.slice(0, shown.retrieval).map((sample) => findCaption(sample) ?? '');
  const similarity = tidy(() => {
    const pixels = samples.map((sample) => model.prepare(sample.image, 'reference'));
    const images = l2Normalize(lastCls(model.encodeImages(concatenate(pixels), samples.length, 'tokens'))) as Tensor2D;
    return matrixProduct(l2Normalize(model.encodeTexts(queries)) as Tensor2D, transpose(images)); // [queries, samples]
  });
  const scores = await similarity.array().finally(() => similarity.dispose());
  const picture = ({ image }: Sample) => encodePng(image.data, image.width, image.height);
  return queries.map((text, query) => {
    const order = samples.map((_, index) => index).sort((a, b) => scores[query][b] - scores[query][a] || a - b);
    return {
      text,
      image: picture(samples[query]),
      results: order.slice(0, shown.results).map((index) => ({
        image: picture(samples[index]),
        correct: index === query,
        score: scores[query][index],
      })),
    };
  });
}

function lastCls({ cls }: ImageFeatures): Tensor2D {
  const [count, tokens, width] = cls.shape;
  return squeeze<Tensor2D>(slice(cls, [0, tokens - 1, 0], [count, 1, width]), [1]); // [n, D]
}
