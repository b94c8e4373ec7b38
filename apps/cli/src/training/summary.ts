import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvaluationResult } from '../evaluation/evaluation-result.ts';

/** `summary.json`. Seconds and images/s are those of the process that ended the run. */
export type RunSummary = {
  status: 'completed' | 'interrupted' | 'failed';
  /** Why a run failed. */
  reason?: string;
  steps: number;
  seconds: number;
  imagesPerSecond: number;
  backend: string;
  parameters: { image: number; text?: number; training: number };
  /** Steps whose update was left out because a number in it was not finite. */
  skippedSteps: number;
  /** Draws of training samples, and pictures of the evaluation data, that could not be used. */
  badSamples: number;
  eval?: EvaluationResult;
};

/** Where a run has its summary. */
export function summaryPath(directory: string): string {
  return join(directory, 'summary.json');
}

/** The summary of a run that has completed, or `undefined` while there is something left to do. */
export async function completedSummary(directory: string): Promise<RunSummary | undefined> {
  try {
    const summary = JSON.parse(await readFile(summaryPath(directory), 'utf8')) as RunSummary;
    return summary.status === 'completed' ? summary : undefined;
  } catch {
    return undefined; // None, or none that can be read: the run ends again and writes another.
  }
}
