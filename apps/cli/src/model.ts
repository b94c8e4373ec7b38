import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { latestCheckpoint } from '@vitrail/checkpoints/node';
import { VitrailError } from '@vitrail/core';
import type { OpenedModel } from '@vitrail/pretrained';
import { openModelAt } from '@vitrail/pretrained/node';

/**
 * Loads a `MODEL` of the command line: a run directory (its last good checkpoint), a folder with a model in it (a checkpoint, a Hugging
 * Face folder), or weights and tokenizer as official releases have them, separated by commas.
 *
 * @throws `missing-data` when nothing is there, and as `openModel`.
 */
export async function loadModel(path: string): Promise<OpenedModel> {
  return openModelAt(await findModel(path, '--model'));
}

/**
 * The folder or the files that a `MODEL` means.
 *
 * @param source where it was named, for messages.
 */
export async function findModel(path: string, source: string): Promise<string> {
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
