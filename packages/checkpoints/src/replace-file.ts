import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ioError } from './io-error.ts';

/**
 * Writes a file so that it holds either its old content or all of the new, whatever happens in between: a file beside it
 * (`.NAME.writing`) is written, brought to the disk and renamed. One writer at a time.
 *
 * @throws `io` when the disk is full or may not be written; the file is as it was.
 *
 * @example await replaceFile('runs/a/summary.json', '{"status":"completed"}\n')
 */
export async function replaceFile(path: string, content: Uint8Array | string): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.writing`);
  try {
    await writeDurably(beside, content);
    await rename(beside, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(beside, { force: true }).catch(() => {});
    throw ioError(`${path} could not be written and is as it was`, cause);
  }
}

/** Writes a file and waits until it is on the disk and not in a cache. */
export async function writeDurably(path: string, content: Uint8Array | string): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Waits until the names in a folder are on the disk: a rename is not before that. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open folders, and writes names through.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
