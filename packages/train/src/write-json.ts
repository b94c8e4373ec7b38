import { replaceFile } from '@vitrail/checkpoints/node';
import { VitrailError } from '@vitrail/core';
import { nameNonFinite } from './json-numbers.ts';

/**
 * Writes a value as JSON (indented by two, with a line break at the end), in one piece: the file has its old content or all of the new.
 * Numbers that JSON cannot hold become `"NaN"`, `"Infinity"` and `"-Infinity"`.
 *
 * @throws `io` when the file may not be written or the disk is full; it is as it was. `invalid-argument` for a value that is no JSON.
 * @example await writeJson('runs/a/summary.json', { status: 'completed', steps: 600 })
 */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const text: string | undefined = JSON.stringify(value, nameNonFinite, 2);
  if (text === undefined) throw new VitrailError('invalid-argument', `${path}: a ${typeof value} cannot be written as JSON`);
  await replaceFile(path, `${text}\n`);
}
