import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { dispose, slice } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import type { LabelMap, Sample, SampleSource } from '@vitrail/data';
import { type ConfusionMatrix, chooseReadout, confusionMatrix, segmentationScores, segmentByText } from '@vitrail/eval';
import type { Model, Readout } from '@vitrail/pretrained';
import type { EvaluationResult } from './evaluation-result.ts';
import { PatchProbe } from './patch-probe.ts';
import { type PictureOptions, picturesInChunks } from './pictures-in-chunks.ts';
import { sourceClassEmbeddings } from './prompts.ts';

/** The read-outs of dense features that are tried, by the name they have in results. */
export const readouts: Readonly<Record<string, Readout>> = { value: 'value', 'value-only': 'value-only', plain: 'tokens' };

/** The read-out that a segmentation result was taken with; plain patches where there is none. */
export function chosenReadout({ zeroShotSegmentation }: EvaluationResult): Readout {
  const name = typeof zeroShotSegmentation === 'object' ? zeroShotSegmentation.readout : 'plain';
  return readouts[String(name)];
}

type Half = 'validation' | 'test';
type Matrices = Readonly<Record<string, Readonly<Record<Half, ConfusionMatrix>>>>;

/**
 * Zero-shot segmentation and the linear probe of patches, of pictures of a source with label maps.
 *
 * Pictures at even places are the validation half: the read-out of the zero-shot segmentation is chosen there, and the probe is
 * fitted there. The pictures at odd places give every number that is reported.
 */
export async function evaluateSegmentation(
  model: Model,
  source: SampleSource,
  pictures: PictureOptions,
  { zeroShot, probe }: { zeroShot: boolean; probe: boolean },
): Promise<EvaluationResult> {
  const classCount = source.classNames?.length ?? 0;
  const classes = zeroShot ? await sourceClassEmbeddings(model, source) : undefined;
  const known = Object.keys(readouts).filter((name) => model.readouts.includes(readouts[name]) && (zeroShot || name === 'plain'));
  const patchProbe = new PatchProbe(classCount);
  const matrices: Matrices = Object.fromEntries(
    known.map((name) => [name, { validation: confusionMatrix(classCount), test: confusionMatrix(classCount) }]),
  );

  try {
    for await (const { first, samples, pixels } of picturesInChunks(source, { ...pictures, require: labelsOf })) {
      const half = (i: number): Half => ((first + i) % 2 === 0 ? 'validation' : 'test');
      const labels = samples.map(labelsOf);
      for (const [name, readout] of Object.entries(readouts)) {
        if (!known.includes(name)) continue;
        const images = model.encodeImages(pixels, samples.length, readout);
        try {
          const { patches } = images;
          if (classes !== undefined) {
            for (const [i, map] of labels.entries()) {
              matrices[name][half(i)].add(map.data, await predictLabels(patches, i, classes, map));
            }
          }
          if (probe && readout === 'tokens') {
            const [, rows, columns] = patches.shape;
            const values = await patches.data<'float32'>();
            const size = values.length / labels.length;
            for (const [i, map] of labels.entries()) {
              patchProbe.add(half(i), values.subarray(i * size, (i + 1) * size), [rows, columns], map);
            }
          }
        } finally {
          dispose(images);
        }
      }
    }
  } finally {
    classes?.dispose();
  }
  return {
    ...(zeroShot && { zeroShotSegmentation: segmentationResult(matrices) }),
    ...(probe && { patchLinearProbe: await patchProbe.scores() }),
  };
}

function segmentationResult(matrices: Matrices): EvaluationResult {
  const scoresOf = (half: Half) =>
    Object.fromEntries(Object.entries(matrices).map(([name, halves]) => [name, segmentationScores(halves[half])]));
  const byValidation = Object.fromEntries(Object.entries(scoresOf('validation')).map(([name, { mIoU }]) => [name, mIoU]));
  const test = scoresOf('test');
  const readout = chooseReadout(byValidation);
  const { mIoU, pixelAccuracy, chance } = test[readout];
  return {
    mIoU,
    pixelAccuracy,
    chance: { mIoU: chance.mIoU },
    readout,
    byReadout: Object.fromEntries(Object.entries(test).map(([name, scores]) => [name, scores.mIoU])),
  };
}

async function predictLabels(
  patches: Tensor4D,
  index: number,
  classes: Tensor2D,
  { width, height }: LabelMap,
): Promise<Uint8Array> {
  const picture = pictureOf(patches, index);
  return await segmentByText(picture, classes, [height, width]).finally(() => picture.dispose());
}

/** The patches of one picture, `[1, rows, columns, D]`. */
function pictureOf(patches: Tensor4D, index: number): Tensor4D {
  const [, rows, columns, channels] = patches.shape;
  return slice(patches, [index, 0, 0, 0], [1, rows, columns, channels]);
}

function labelsOf(sample: Sample): LabelMap {
  if (sample.labels === undefined) throw new VitrailError('corrupt-data', 'it has no label map, but segmentation needs one');
  return sample.labels;
}
