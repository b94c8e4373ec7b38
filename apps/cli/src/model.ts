import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { latestCheckpoint } from '@vitrail/checkpoints/node';
import { isVitrailError, VitrailError } from '@vitrail/core';
import type { OpenedModel, OpenModelOptions } from '@vitrail/pretrained';
import { openModelAt } from '@vitrail/pretrained/node';

/**
 * Loads a `MODEL` of the command line: a run directory (its last good checkpoint), a folder with a model in it (a checkpoint, a Hugging
 * Face folder), or weights and tokenizer as official releases have them, separated by commas.
 *
 * @param option that names it, for messages
 * @throws `missing-data` when nothing is there, and as `openModel`.
 */
export async function loadModel(path: string, option: '--model' | '--checkpoint'): Promise<OpenedModel> {
  const { model } = await openNamedModel(path, option);
  return model;
}

/** A model, and the folder or files that it was read from: of a run, one of its checkpoints. */
export type FoundModel = { model: OpenedModel; path: string };

/**
 * Opens a `MODEL`, as {@link loadModel}.
 *
 * @param source the option or setting that names it, for messages
 */
export async function openNamedModel(name: string, source: string, options?: OpenModelOptions): Promise<FoundModel> {
  const path = await findModel(name, source);
  try {
    return { model: await openModelAt(path, options), path };
  } catch (error) {
    if (!isVitrailError(error)) throw error;
    throw new VitrailError(error.code, `${source}: ${path}: ${error.message}`, { cause: error });
  }
}

async function findModel(path: string, source: string): Promise<string> {
  const info = await stat(path).catch(() => undefined);
  if (!info?.isDirectory()) {
    const files = info === undefined ? path.split(',') : [];
    for (const file of files) {
      if ((await stat(file).catch(() => undefined)) === undefined) {
        throw new VitrailError('missing-data', `${source}: there is no ${file}`);
      }
    }
    return path;
  }
  const checkpoints = join(path, 'checkpoints');
  if ((await stat(checkpoints).catch(() => undefined)) === undefined) return path;
  const latest = await latestCheckpoint(checkpoints);
  if (latest !== undefined) return latest.path;
  throw new VitrailError(
    'missing-data',
    `${source}: ${path} holds no complete checkpoint (is ${basename(path)} a run that has just begun?)`,
  );
}
