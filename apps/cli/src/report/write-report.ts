import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VitrailError } from '@vitrail/core';
import { renderReport } from './page.ts';
import { readReportInput } from './read-report-input.ts';

/**
 * Writes `report.html` into a run directory from the files there, in one piece: beside it first, then renamed, so that an old report stays
 * whole when writing fails.
 *
 * @returns the path of the page.
 * @throws what {@link readReportInput} throws; `io` when the page cannot be written.
 */
export async function writeReport(runDirectory: string): Promise<string> {
  const page = renderReport(await readReportInput(runDirectory));
  const path = join(runDirectory, 'report.html');
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, page);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new VitrailError('io', `cannot write ${path}: ${(error as Error).message}`, { cause: error });
  }
  return path;
}
