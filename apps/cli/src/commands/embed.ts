import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { dispose } from '@tensorflow/tfjs-core';
import { encodeSafetensors, type TensorData } from '@vitrail/checkpoints';
import { replaceFile } from '@vitrail/checkpoints/node';
import { unflattenTree, VitrailError } from '@vitrail/core';
import { decodeImage } from '@vitrail/data/node';
import type { Model } from '@vitrail/pretrained';
import { type BackendOptions, startAnnouncedBackend } from '../backend.ts';
import { concatenate } from '../concatenate.ts';
import { loadModel } from '../model.ts';
import { prepareOutput } from '../output-file.ts';
import { printResult } from '../print-result.ts';

/** What `vitrail embed` takes. */
export type EmbedOptions = BackendOptions & {
  model: string;
  images?: readonly string[];
  texts?: readonly string[];
  out: string;
  json?: boolean;
};

const pictureExtensions = ['.jpg', '.jpeg', '.png', '.webp'];

/**
 * `vitrail embed`: writes `image.cls` `[n, C, D]`, `image.patches` `[n, rows, columns, D]` and `text` `[m, D]`, unnormalised, in input
 * order, to a safetensors file; the names of the pictures and the texts are in its metadata (`images` and `texts`, JSON lists).
 */
export async function embed(options: EmbedOptions): Promise<void> {
  const { model: path, images = [], texts = [], out, json } = options;
  if (images.length + texts.length === 0)
    throw new VitrailError('invalid-argument', 'nothing to embed: give --images, --texts or both');
  const files = await listPictures(images);
  await prepareOutput(out);
  await startAnnouncedBackend(options);
  const model = await loadModel(path, '--model');
  try {
    const tensors: Record<string, TensorData> = {
      ...(files.length > 0 && (await embedPictures(model, files))),
      ...(texts.length > 0 && (await embedTexts(model, texts))),
    };
    await replaceFile(out, encodeSafetensors(tensors, { images: JSON.stringify(files), texts: JSON.stringify(texts) }));
    const shapes = Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, [...shape]]));
    if (json) process.stdout.write(`${JSON.stringify({ file: out, tensors: shapes })}\n`);
    else printResult({ file: out, tensors: unflattenTree(shapes) }, { json: false });
  } finally {
    model.dispose();
  }
}

/** The picture files that paths stand for: a folder stands for the pictures in it, by name. */
async function listPictures(paths: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(
    paths.map(async (path) => {
      const info = await stat(path).catch(() => undefined);
      if (info === undefined) throw new VitrailError('missing-data', `--images: there is no ${path}`);
      if (!info.isDirectory()) return [path];
      const names = (await readdir(path)).filter((name) => pictureExtensions.includes(extname(name).toLowerCase())).sort();
      if (names.length === 0)
        throw new VitrailError('missing-data', `--images: ${path} holds no picture (${pictureExtensions.join(', ')})`);
      return names.map((name) => join(path, name));
    }),
  );
  return lists.flat();
}

async function embedPictures(model: Model, files: readonly string[]): Promise<Record<string, TensorData>> {
  const rows: { cls: Float32Array[]; patches: Float32Array[] } = { cls: [], patches: [] };
  let clsShape: number[] = [];
  let patchesShape: number[] = [];
  for (const file of files) {
    const picture = await decodeImage(await readFile(file), file);
    const { cls, patches } = model.encodeImages(model.prepare(picture, 'reference'), 1);
    clsShape = cls.shape.slice(1);
    patchesShape = patches.shape.slice(1);
    try {
      const [clsValues, patchValues] = await Promise.all([cls.data<'float32'>(), patches.data<'float32'>()]);
      rows.cls.push(clsValues);
      rows.patches.push(patchValues);
    } finally {
      dispose({ cls, patches });
    }
  }
  return {
    'image.cls': { dtype: 'F32', shape: [files.length, ...clsShape], values: concatenate(rows.cls) },
    'image.patches': { dtype: 'F32', shape: [files.length, ...patchesShape], values: concatenate(rows.patches) },
  };
}

async function embedTexts(model: Model, texts: readonly string[]): Promise<Record<string, TensorData>> {
  const features = model.encodeTexts(texts);
  const values = await features.data<'float32'>().finally(() => features.dispose());
  return { text: { dtype: 'F32', shape: features.shape, values } };
}
