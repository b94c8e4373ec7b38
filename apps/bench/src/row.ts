/** What was measured of one workload on one engine: an entry of the JSON output. Numbers that do not apply are left out. */
export type Row = {
  workload: string;
  engine: string;
  /** Threads that the engine said it uses. */
  threads: number;
  /** Median over the rounds, in milliseconds of one run; `null` when the engine failed. */
  medianMs: number | null;
  minMs: number | null;
  rounds: number;
  /** What ran, in the words of the engine; empty when it did not start. */
  version: string;
  /** Operations per second at the median, in units of 10^9. */
  gflops?: number;
  /** Share of the measured 128-bit peak with the same threads. */
  ofPeak?: number;
  /** The loss before the third update of a training step. */
  loss?: number;
  /**
   * The largest relative difference of its losses at steps 1, 2, 3, or of its results, from those of the first engine that ran; absent for that engine.
   */
  difference?: number;
  /** How large `difference` may be, where that is more than float32 needs. */
  allowed?: number;
  /** Median time over that of the workload's baseline on the same engine. */
  ofBaseline?: number;
  launchesPerLayer?: number;
  /** Why there is no measurement. */
  error?: string;
};

/** Relative difference up to which engines have computed the same in float32. */
export const tolerance = 1e-3;

/** Whether an engine computed what the first one did, up to what its precision allows. */
export function isSame({ difference = 0, allowed = tolerance }: Row): boolean {
  return difference <= allowed;
}
