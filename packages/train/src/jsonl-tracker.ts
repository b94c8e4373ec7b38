import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { VitrailError } from '@vitrail/core';
import { openAppendFile } from './append-file.ts';
import { requireWhole } from './configuration.ts';
import { ioError, isMissing } from './io-error.ts';
import { nameNonFinite } from './json-numbers.ts';
import type { Tracker } from './tracker.ts';

/**
 * Logs rows to a file of one JSON object per line (`metrics.jsonl`): `{"step":120,"split":"train","loss":3.21}`.
 *
 * Rows are appended one by one; a process that is killed loses none. Numbers that JSON cannot hold become `"NaN"`, `"Infinity"` and
 * `"-Infinity"`.
 *
 * @param options.resumeStep steps done in the state that the run goes on from (0 for a new run). Rows of later steps, and a last line that
 * was cut off, are dropped: the run makes them again.
 * @throws `io` when the file may not be read or written, here or from the tracker; `corrupt-data` for a line that is no row;
 * `invalid-argument` for a `resumeStep` that is no whole number of at least 0.
 * @example jsonlTracker('runs/a/metrics.jsonl', { resumeStep: 0 }).log({ step: 1, split: 'train', loss: 3.21 })
 */
export function jsonlTracker(path: string, { resumeStep }: { resumeStep: number }): Tracker {
  requireWhole('resumeStep', resumeStep, 0);
  dropLaterRows(path, resumeStep);
  const { append, flush, close } = openAppendFile(path);
  return { log: (row) => append(`${JSON.stringify(row, nameNonFinite)}\n`), flush, close };
}

function dropLaterRows(path: string, resumeStep: number): void {
  const text = readIfThere(path);
  const kept = text
    .split('\n')
    .map((line, i, lines) => ({ line, step: stepOf(line, { isLast: i === lines.length - 1, at: `${path}, line ${i + 1}` }) }))
    .filter(({ step }) => step !== undefined && step <= resumeStep)
    .map(({ line }) => `${line}\n`)
    .join('');
  if (kept !== text) replaceFileNow(path, kept);
}

/** The step of a row, or `undefined` for an empty line and for a last one that was cut off. */
function stepOf(line: string, { isLast, at }: { isLast: boolean; at: string }): number | undefined {
  if (line.trim() === '') return undefined;
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (cause) {
    if (isLast) return undefined;
    throw new VitrailError('corrupt-data', `${at}, is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof row === 'object' && row !== null && 'step' in row && typeof row.step === 'number') return row.step;
  throw new VitrailError('corrupt-data', `${at}: expected an object with a step (a number), but ${line.slice(0, 80)} came`);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (isMissing(cause)) return '';
    throw ioError(`${path} could not be read`, cause);
  }
}

/** Written beside and renamed, so that a process killed meanwhile leaves all rows. */
function replaceFileNow(path: string, text: string): void {
  const beside = join(dirname(path), `.${basename(path)}.writing`);
  try {
    writeFileSync(beside, text, { flush: true });
    renameSync(beside, path);
  } catch (cause) {
    rmSync(beside, { force: true });
    throw ioError(`${path} could not be written and is as it was`, cause);
  }
}
