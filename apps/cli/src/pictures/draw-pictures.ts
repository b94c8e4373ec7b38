import { dispose, reshape, slice, squeeze, type Tensor2D, type Tensor3D, tidy, transpose } from '@tensorflow/tfjs-core';
import type { Sample, SampleSource } from '@vitrail/data';
import { pcaMap, segmentByText } from '@vitrail/eval';
import { l2Normalize, matrixProduct } from '@vitrail/ops';
import { classColors, paintHeatMap, paintLabels } from '@vitrail/paint';
import type { ImageFeatures, Model, Readout } from '@vitrail/pretrained';
import { concatenate } from '../concatenate.ts';
import { findCaption } from '../evaluation/descriptive-caption.ts';
import { sourceClassEmbeddings } from '../evaluation/prompts.ts';
import { encodePng, type ReportPictures, type RetrievalExample, type SegmentationExample } from '../report/index.ts';
import { shrinkSample } from './shrink-sample.ts';

/** Pictures of a report that are shown with their segmentation, and those that a text is searched among. */
const shown = { segmentation: 8, retrieval: 4, candidates: 64, results: 5 } as const;

/** Longest side of a picture in a report, in pixels: some thirty photographs in full size would make a page of many megabytes. */
const largestPicture = 256;

/**
 * What a model makes of the first pictures of a source, for the report: predicted classes beside the true ones, PCA maps, heat maps of
 * words, and texts with the pictures they find.
 *
 * @param readout of the predicted classes and heat maps.
 */
export async function drawPictures(model: Model, source: SampleSource, readout: Readout): Promise<ReportPictures> {
  const samples = await readSamples(source, Math.max(largestPicture, model.imageSize));
  const names = source.classNames ?? [];
  const colors = classColors(names);
  const labelled = samples.filter((sample) => sample.labels !== undefined).slice(0, shown.segmentation);
  const segmentation: SegmentationExample[] = [];
  if (names.length > 0) {
    const classes = await sourceClassEmbeddings(model, source);
    try {
      for (const sample of labelled) {
        segmentation.push(await segmentationExample(model, sample, { classes, names, colors, readout }));
      }
    } finally {
      classes.dispose();
    }
  }
  return {
    classes: names.map((name, i) => ({ name, color: colors[i] })),
    segmentation,
    retrieval: await retrievalExamples(
      model,
      samples.filter((sample) => findCaption(sample) !== undefined),
    ),
  };
}

/** The first pictures of a source, not larger than `side` pixels; bad ones, which the evaluation has told of, are left out. */
async function readSamples(source: SampleSource, side: number): Promise<Sample[]> {
  const indices = Array.from({ length: Math.min(shown.candidates, source.size) }, (_, index) => index);
  const samples = await Promise.all(indices.map((index) => source.read(index).catch(() => undefined)));
  return samples.flatMap((sample) => (sample === undefined ? [] : [shrinkSample(sample, side)]));
}

async function segmentationExample(
  model: Model,
  sample: Sample,
  {
    classes,
    names,
    colors,
    readout,
  }: { classes: Tensor2D; names: readonly string[]; colors: readonly (readonly [number, number, number])[]; readout: Readout },
): Promise<SegmentationExample> {
  const { width, height, data } = sample.image;
  const truth = sample.labels?.data ?? new Uint8Array(width * height);
  const pixels = model.prepare(sample.image, 'whole');
  const present = [...new Set(truth)].sort((a, b) => a - b);
  const features = tidy(() => {
    const dense = model.encodeImages(pixels, 1, readout).patches; // [1, rows, columns, D]
    const plain = squeeze<Tensor3D>(model.encodeImages(pixels, 1, 'tokens').patches, [0]); // [rows, columns, D]
    const [rows, columns, channels] = plain.shape;
    const units = l2Normalize(reshape(dense, [rows * columns, channels])) as Tensor2D;
    return { dense, plain, similarity: transpose(matrixProduct(units, transpose(classes))) }; // similarity: [C, N]
  });
  try {
    const [rows, columns] = features.plain.shape;
    const predicted = await segmentByText(features.dense, classes, [height, width]);
    const colorsOfPatches = await pcaMap(features.plain);
    const similarity = await features.similarity.data<'float32'>();
    const patches = rows * columns;
    const cell = Math.max(1, Math.round(height / rows));
    return {
      caption: findCaption(sample) ?? '',
      image: encodePng(data, width, height),
      truth: encodePng(paintLabels(truth, colors), width, height),
      prediction: encodePng(paintLabels(predicted, colors), width, height),
      pca: encodePng(asBytes(colorsOfPatches), columns, rows, cell),
      similarity: present.map((index) => ({
        word: names[index],
        image: encodePng(paintHeatMap(similarity.subarray(index * patches, (index + 1) * patches)), columns, rows, cell),
      })),
    };
  } finally {
    dispose(features);
  }
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

function asBytes(unit: Float32Array): Uint8Array {
  return Uint8Array.from(unit, (value) => Math.round(255 * value));
}
