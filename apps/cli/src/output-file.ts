import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { VitrailError } from '@vitrail/core';

/**
 * Makes the folder that an output file goes to, before the work whose result it is: minutes later would be late to hear that it cannot be.
 *
 * @throws `io` when it cannot be made.
 */
export async function prepareOutput(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (cause) {
    throw new VitrailError('io', `--out: the folder of ${path} cannot be made (${(cause as Error).message})`, { cause });
  }
}
