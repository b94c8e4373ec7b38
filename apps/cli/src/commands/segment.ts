import { readFile } from 'node:fs/promises';
import { dispose } from '@tensorflow/tfjs-core';
import { simpleTemplates } from '@vitrail/captions';
import { replaceFile } from '@vitrail/checkpoints/node';
import { VitrailError } from '@vitrail/core';
import { decodeImage } from '@vitrail/data/node';
import { classEmbeddings, segmentByText } from '@vitrail/eval';
import { classColors, overlayLabels } from '@vitrail/paint';
import type { Model, Readout } from '@vitrail/pretrained';
import { type BackendOptions, startAnnouncedBackend } from '../backend.ts';
import { loadModel } from '../model.ts';
import { prepareOutput } from '../output-file.ts';
import { pngFile } from '../report/png.ts';

/** What `vitrail segment` takes. */
export type SegmentOptions = BackendOptions & {
  model: string;
  image: string;
  labels: string;
  out: string;
  json?: boolean;
};

/**
 * `vitrail segment`: gives every pixel of a picture the label whose text is nearest (zero-shot; by the value-attention read-out, where the model has one), and writes the
 * picture tinted by label as PNG; the share of each label goes to stdout.
 */
export async function segment(options: SegmentOptions): Promise<void> {
  const labels = options.labels
    .split(',')
    .map((label) => label.trim())
    .filter((label) => label !== '');
  if (labels.length < 2)
    throw new VitrailError(
      'invalid-argument',
      `--labels takes at least two words, separated by commas, but "${options.labels}" came`,
    );
  const picture = await decodeImage(await readPicture(options.image), options.image);
  await prepareOutput(options.out);
  await startAnnouncedBackend(options);
  const model = await loadModel(options.model, '--model');
  const { width, height } = picture;
  let map: Uint8Array;
  try {
    const classes = await classEmbeddings(model.encodeTexts, labels, ['{}', ...simpleTemplates]);
    const images = model.encodeImages(model.prepare(picture, 'whole'), 1, denseReadout(model));
    map = await segmentByText(images.patches, classes, [height, width]).finally(() => dispose({ classes, images }));
  } finally {
    model.dispose();
  }

  const colors = classColors(labels);
  await replaceFile(options.out, pngFile(overlayLabels(picture.data, map, colors), width, height));
  const found = labels.map((label, index) => {
    const share = map.reduce((sum, value) => sum + (value === index ? 1 : 0), 0) / map.length;
    return { label, share, color: colors[index] };
  });
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ file: options.out, labels: found })}\n`);
    return;
  }
  for (const { label, share, color } of found)
    process.stdout.write(`${label.padEnd(20)} ${(100 * share).toFixed(1)} %  rgb(${color.join(', ')})\n`);
}

/** What the model knows of read-outs that keep patches local, the best first. */
function denseReadout({ readouts }: Model): Readout {
  const preferred: readonly Readout[] = ['value', 'value-only'];
  return preferred.find((name) => readouts.includes(name)) ?? 'tokens';
}

async function readPicture(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: Error) => {
    throw new VitrailError('missing-data', `--image: ${path} cannot be read (${cause.message})`, { cause });
  });
}
