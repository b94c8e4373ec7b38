import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VitrailError } from '@vitrail/core';
import { folderName, isComplete, passingName } from './checkpoint-folder.ts';
import { ioError } from './io-error.ts';
import { checkpointSteps, latestStep } from './latest-checkpoint.ts';

/**
 * Removes all but the newest `keep` complete checkpoints. The one that `latest` names always stays; folders that are not complete are no
 * checkpoints and are left alone.
 *
 * @throws `io` when one cannot be removed; `invalid-argument` when `keep` is not a whole number of at least 1.
 *
 * @example await pruneCheckpoints('runs/a/checkpoints', 3)
 */
export async function pruneCheckpoints(directory: string, keep: number): Promise<void> {
  if (!(Number.isInteger(keep) && keep >= 1)) {
    throw new VitrailError(
      'invalid-argument',
      `the number of checkpoints to keep is a whole number of at least 1, but ${keep} came`,
    );
  }
  const latest = await latestStep(directory);
  let kept = 0;
  for (const step of await checkpointSteps(directory)) {
    const path = join(directory, folderName(step));
    if (!(await isComplete(path))) continue;
    if (kept < keep) kept++;
    else if (step !== latest) await removeCheckpoint(directory, step, path);
  }
}

/** Renamed first, so that a kill in the middle leaves nothing that looks like a checkpoint. */
async function removeCheckpoint(directory: string, step: number, path: string): Promise<void> {
  const removing = join(directory, passingName('removing', step));
  try {
    await rm(removing, { recursive: true, force: true });
    await rename(path, removing);
    await rm(removing, { recursive: true, force: true });
  } catch (cause) {
    throw ioError(`the checkpoint ${path} could not be removed`, cause);
  }
}
