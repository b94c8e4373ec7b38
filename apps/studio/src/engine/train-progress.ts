import type { TrainingFileName } from '@vitrail/recipes';
import type { BadSamples } from './train-data.ts';
import type { ModelView } from './train-held-out.ts';
import type { TrainRow } from './train-rows.ts';

/** What is told of a run while it goes on. */
export type Progress = {
  readonly step: number;
  /** Since the last report. */
  readonly rows: readonly TrainRow[];
  readonly imagesPerSecond: number;
  /** Kernel launches of the last step, the most that its tensors took at a time, and what stays from step to step, in bytes. */
  readonly launches: number;
  readonly peakBytes: number;
  readonly stateBytes: number;
  readonly bad: BadSamples;
};

/** The files of a state by their names. */
export type StateFiles = Readonly<Record<TrainingFileName, Uint8Array | string>>;

/** Who hears of a run. */
export type SessionHooks = {
  onProgress(progress: Progress): void;
  onView(view: ModelView): void;
  /** Keeps the files of a state. */
  keep?(step: number, files: StateFiles): Promise<void>;
};
