import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ioError, isMissing } from './io-error.ts';

/** The file, written last, that says which files a checkpoint has and how long each is: `{"files":{"model.safetensors":1234}}`. */
export const manifestName = 'manifest.json';

/** The file that names the newest complete checkpoint. */
export const latestName = 'latest';

/** What a folder beside the checkpoints is for, while a checkpoint is written, replaced or removed. */
export type Passing = 'writing' | 'replaced' | 'removing';

/** `step-000120`. */
export function folderName(step: number): string {
  return `step-${String(step).padStart(6, '0')}`;
}

/** `.writing-step-000120`. */
export function passingName(passing: Passing, step: number): string {
  return `.${passing}-${folderName(step)}`;
}

/** The step that a folder's name gives, and whether the folder is only passing; `undefined` for names of other things. */
export function parseFolderName(name: string): { step: number; passing?: Passing } | undefined {
  const match = /^(?:\.(writing|replaced|removing)-)?step-(\d{6,15})$/.exec(name);
  if (match === null) return undefined;
  return { step: Number(match[2]), ...(match[1] !== undefined && { passing: match[1] as Passing }) };
}

/** The names in a checkpoint directory; none where there is no directory. @throws `io` when it cannot be read. */
export async function listFolder(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw ioError(`${directory} could not be read`, error);
  }
}

/**
 * Whether a folder holds all that its manifest names, each file as long as it was written: false for folders that are not there, that a
 * copy has left half done, or that other programs made.
 *
 * @throws `io` when files are there but may not be read.
 */
export async function isComplete(folder: string): Promise<boolean> {
  try {
    const { files } = JSON.parse(await readFile(join(folder, manifestName), 'utf8')) as { files: Record<string, number> };
    const lengths = await Promise.all(Object.keys(files).map(async (name) => (await stat(join(folder, name))).size));
    return Object.values(files).every((length, i) => lengths[i] === length);
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError || error instanceof TypeError) return false;
    throw ioError(`${folder} could not be read`, error);
  }
}
