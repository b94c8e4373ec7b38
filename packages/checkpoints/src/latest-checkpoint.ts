import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { folderName, isComplete, latestName, listFolder, parseFolderName, passingName } from './checkpoint-folder.ts';
import { ioError, isMissing } from './io-error.ts';

/**
 * The checkpoint to go on from: the one that `latest` names if it is complete, otherwise the newest complete one, `undefined` where there
 * is none. Folders that are half written, half copied or half removed are passed over.
 *
 * @throws `io` when the directory is there but cannot be read.
 *
 * @example await latestCheckpoint('runs/a/checkpoints') // { path: 'runs/a/checkpoints/step-000120', step: 120 }
 */
export async function latestCheckpoint(directory: string): Promise<{ path: string; step: number } | undefined> {
  const named = await latestStep(directory);
  const steps = (await checkpointSteps(directory)).filter((step) => step !== named);
  for (const step of named === undefined ? steps : [named, ...steps]) {
    const path = await completeFolder(directory, step);
    if (path !== undefined) return { path, step };
  }
  return undefined;
}

/** The step that `latest` names, whether it is there or not. */
export async function latestStep(directory: string): Promise<number | undefined> {
  try {
    return parseFolderName((await readFile(join(directory, latestName), 'utf8')).trim())?.step;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw ioError(`${join(directory, latestName)} could not be read`, error);
  }
}

/** The steps that have a folder, complete or not, newest first. */
export async function checkpointSteps(directory: string): Promise<number[]> {
  const folders = (await listFolder(directory)).map(parseFolderName).filter((folder) => folder !== undefined);
  const steps = folders.filter(({ passing }) => passing === undefined || passing === 'replaced').map(({ step }) => step);
  return [...new Set(steps)].sort((a, b) => b - a);
}

/** The complete folder of a step: its own, or the one set aside if a kill came between the two renames that replace a checkpoint. */
async function completeFolder(directory: string, step: number): Promise<string | undefined> {
  for (const name of [folderName(step), passingName('replaced', step)]) {
    if (await isComplete(join(directory, name))) return join(directory, name);
  }
  return undefined;
}
