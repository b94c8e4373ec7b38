import { join } from 'node:path';
import { flattenTree } from '@vitrail/core';
import type { Tracker, TrackerRow } from '@vitrail/train';
import { jsonlTracker, tensorBoardTracker } from '@vitrail/train/node';
import type { EvaluationResult } from '../evaluation/tasks.ts';

/** Every tracker of a run as one. */
export type RunTrackers = Tracker & {
  /** Logs the numbers of an evaluation by their dotted paths: `zeroShotSegmentation.mIoU`. */
  logEvaluation(step: number, result: EvaluationResult): void;
};

/** `metrics.jsonl` and the TensorBoard file of a run; rows after `resumeStep`, left by a process that was killed, are dropped first. */
export function openTrackers(directory: string, resumeStep: number): RunTrackers {
  const trackers = [jsonlTracker(join(directory, 'metrics.jsonl'), { resumeStep }), tensorBoardTracker(directory)];
  const log = (row: TrackerRow) => {
    for (const tracker of trackers) tracker.log(row);
  };
  return {
    log,
    logEvaluation(step, result) {
      log({ step, split: 'eval', ...flattenTree<number | string>(result) } as TrackerRow);
    },
    flush: async () => {
      await Promise.all(trackers.map((tracker) => tracker.flush()));
    },
    close: async () => {
      await Promise.all(trackers.map((tracker) => tracker.close()));
    },
  };
}
