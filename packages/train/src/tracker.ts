/** One row of numbers: the step (steps done), where they come from (`train`, `eval`), and numbers or texts by name. */
export type TrackerRow = { step: number; split: string; [name: string]: number | string };

/** Takes the numbers of a run, row by row. */
export type Tracker = {
  /** Takes a row; when it returns, the row outlives the process. */
  log(row: TrackerRow): void;
  /** Waits until all rows are on the disk and would outlive the machine. */
  flush(): Promise<void>;
  /** Flushes, and ends; `log` fails from here on. A second call does nothing. */
  close(): Promise<void>;
};
