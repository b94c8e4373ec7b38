import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ByteSource } from '@vitrail/checkpoints';
import { openFileSource } from '@vitrail/checkpoints/node';
import { VitrailError } from '@vitrail/core';
import { type OpenedModel, type OpenModelOptions, openModel } from './open-model.ts';

/** What a model's folder may hold that is read; the rest (READMEs, other frameworks' weights) is left alone. */
const readable = /(\.safetensors|\.npz|\.pt|\.pth|\.bin|\.json|\.model|\.spiece|merges\.txt|bpe_simple_vocab_16e6\.txt(\.gz)?)$/;

/** Of those, what is no weights. */
const besideWeights = /(?<!\.index)\.json$|\.(model|spiece)$|merges\.txt$|bpe_simple_vocab_16e6\.txt(\.gz)?$/;

/**
 * Opens the model in a folder, or in files separated by commas: `runs/a/checkpoints/step-000100`, `clip-vit-base-patch32`,
 * `vision.npz,text.npz,tokenizer.model`. A single file stands for itself and the configuration and tokenizer beside it.
 *
 * @throws `missing-data` when there is no such file or folder, and as `openModel`
 * @example (await openModelAt('clip-vit-base-patch32')).encodeTexts(['a red ball']).shape // [1, 512]
 */
export async function openModelAt(path: string, options: OpenModelOptions = {}): Promise<OpenedModel> {
  const files = await filesOf(path);
  const opened: (ByteSource & { close(): Promise<void> })[] = [];
  try {
    for (const file of files) opened.push(await openFileSource(file));
    return await openModel(opened, options);
  } finally {
    await Promise.all(opened.map((source) => source.close()));
  }
}

async function filesOf(path: string): Promise<readonly string[]> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isDirectory()) {
    return (await readdir(path)).filter((name) => readable.test(name)).map((name) => join(path, name));
  }
  if (info !== undefined) {
    const folder = dirname(path);
    const beside = (await readdir(folder)).filter((name) => readable.test(name) && besideWeights.test(name));
    return [path, ...beside.map((name) => join(folder, name)).filter((file) => file !== path)];
  }
  const paths = path.split(',');
  for (const file of paths) {
    if ((await stat(file).catch(() => undefined)) === undefined) throw new VitrailError('missing-data', `there is no ${file}`);
  }
  return paths;
}
