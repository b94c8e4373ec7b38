import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VitrailError } from '@vitrail/core';
import {
  folderName,
  isComplete,
  latestName,
  listFolder,
  manifestName,
  parseFolderName,
  passingName,
} from './checkpoint-folder.ts';
import { ioError, isMissing } from './io-error.ts';
import { replaceFile, syncFolder, writeDurably } from './replace-file.ts';

/**
 * Writes the files of one step as `DIRECTORY/step-000120` and points `DIRECTORY/latest` to it. The checkpoint is there whole or not at
 * all, whenever the process is killed or the power fails: files are written to a folder beside, brought to the disk, and the folder
 * renamed. A checkpoint of the same step is replaced; what an earlier process left half done is removed. One writer per directory.
 *
 * @param step steps done so far.
 * @param files content by file name; `manifest.json`, with the length of each, is added.
 * @returns the path of the checkpoint.
 * @throws `io` when the disk is full or may not be written: nothing half-written stays, and earlier checkpoints are as they were.
 * `invalid-argument` for a step or a file name that cannot be.
 *
 * @example await writeCheckpoint('runs/a/checkpoints', 120, { 'state.json': '{"step":120}' }) // 'runs/a/checkpoints/step-000120'
 */
export async function writeCheckpoint(
  directory: string,
  step: number,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<string> {
  requireStep(step);
  for (const name of Object.keys(files)) requireFileName(name);
  const path = join(directory, folderName(step));
  const writing = join(directory, passingName('writing', step));
  try {
    await mkdir(directory, { recursive: true });
    await finishEarlierWork(directory);
    await mkdir(writing);
    await writeFiles(writing, files);
    await moveInto(directory, step, writing, path);
    await replaceFile(join(directory, latestName), `${folderName(step)}\n`);
    await rm(join(directory, passingName('replaced', step)), { recursive: true, force: true });
  } catch (cause) {
    await rm(writing, { recursive: true, force: true }).catch(() => {});
    throw ioError(
      `the checkpoint of step ${step} could not be written to ${directory}; earlier checkpoints are as they were`,
      cause,
    );
  }
  return path;
}

async function writeFiles(folder: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<void> {
  const lengths: Record<string, number> = {};
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    await writeDurably(join(folder, name), bytes);
    lengths[name] = bytes.length;
  }
  await writeDurably(join(folder, manifestName), `${JSON.stringify({ files: lengths })}\n`);
  await syncFolder(folder);
}

/**
 * Renames the written folder to its place. No file system renames a folder onto one that is not empty, so an earlier checkpoint of the
 * step is first set aside under a name where `latestCheckpoint` finds it.
 */
async function moveInto(directory: string, step: number, writing: string, path: string): Promise<void> {
  const replaced = join(directory, passingName('replaced', step));
  const hadEarlier = await rename(path, replaced).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
  try {
    await rename(writing, path);
  } catch (error) {
    if (hadEarlier) await rename(replaced, path);
    throw error;
  }
  await syncFolder(directory);
}

/** Removes what a killed process left half done, and puts back a checkpoint that was set aside and not replaced. */
async function finishEarlierWork(directory: string): Promise<void> {
  for (const name of await listFolder(directory)) {
    const folder = parseFolderName(name);
    if (folder?.passing === undefined) continue;
    const path = join(directory, folderName(folder.step));
    const isOnlyCopy = folder.passing === 'replaced' && !(await isComplete(path));
    if (isOnlyCopy) {
      await rm(path, { recursive: true, force: true });
      await rename(join(directory, name), path);
    } else {
      await rm(join(directory, name), { recursive: true, force: true });
    }
  }
}

function requireStep(step: number): void {
  if (Number.isSafeInteger(step) && step >= 0 && step < 1e15) return;
  throw new VitrailError('invalid-argument', `a checkpoint's step is a whole number from 0 to 10^15, but ${step} came`);
}

function requireFileName(name: string): void {
  if (/^[\w-][\w.-]*$/.test(name) && name !== manifestName) return;
  throw new VitrailError(
    'invalid-argument',
    `a checkpoint's file has a plain name (letters, digits, ".", "-", "_") other than ${manifestName}, but "${name}" came`,
  );
}
