import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { flattenTree } from '@vitrail/core';
import type { Tracker, TrackerRow } from '@vitrail/train';
import { jsonlTracker, tensorBoardTracker } from '@vitrail/train/node';
import type { EvaluationResult } from '../evaluation/evaluation-result.ts';

/** Every tracker of a run as one. */
export type RunTrackers = Tracker & {
  /** Logs the numbers of an evaluation by their dotted paths: `zeroShotSegmentation.mIoU`. A step is logged once, also when it is evaluated again. */
  logEvaluation(step: number, result: EvaluationResult): void;
  /** Whether the evaluation of a step was logged, by this process or one before. */
  hasEvaluation(step: number): boolean;
};

/** `metrics.jsonl` and the TensorBoard file of a run; rows after `resumeStep`, left by a process that was killed, are dropped first. */
export function openTrackers(directory: string, resumeStep: number): RunTrackers {
  const path = join(directory, 'metrics.jsonl');
  const trackers = [jsonlTracker(path, { resumeStep }), tensorBoardTracker(directory)];
  const evaluated = evaluatedSteps(path);
  const log = (row: TrackerRow) => {
    for (const tracker of trackers) tracker.log(row);
  };
  return {
    log,
    logEvaluation(step, result) {
      if (evaluated.has(step)) return;
      log({ step, split: 'eval', ...flattenTree<number | string>(result) } as TrackerRow);
      evaluated.add(step);
    },
    hasEvaluation: (step) => evaluated.has(step),
    flush: async () => {
      await Promise.all(trackers.map((tracker) => tracker.flush()));
    },
    close: async () => {
      await Promise.all(trackers.map((tracker) => tracker.close()));
    },
  };
}

function evaluatedSteps(path: string): Set<number> {
  const lines = readFileSync(path, 'utf8').split('\n');
  const rows = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as TrackerRow);
  return new Set(rows.filter(({ split }) => split === 'eval').map(({ step }) => step));
}
