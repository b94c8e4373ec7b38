import { concat1d, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import { initialCounts } from '@vitrail/optim';

/**
 * What steps leave on the device for whoever asks: nothing of it is read while training. Part of the state, whose holder owns it.
 */
export type Ledger = {
  /** `[4]`: what `guardStep` of `@vitrail/optim` counts. All of it that a checkpoint must hold. */
  readonly counts: Tensor1D;
  /** Of the last step: the loss, the program's metrics and the norm of the gradient, `[2 + M]`. */
  readonly numbers?: Tensor1D;
  /** Of the last step: 1 and its numbers, or zeros where its update was left out, `[3 + M]`. The sum over steps gives means. */
  readonly counted?: Tensor1D;
};

/** What a step did, in numbers. */
export type StepNumbers = {
  /** `loss`, the program's metrics (means over the micro-batches) and `gradientNorm` (of what trains, before clipping). */
  metrics: Record<string, number>;
  /** False when the loss or the gradient was not finite and the update was left out. */
  applied: boolean;
  /** Updates left out so far, and how many of them in a row up to this step. */
  skipped: number;
  skippedInARow: number;
  /** What the loss of the next step is multiplied by before its gradient is taken, where losses are scaled. */
  lossScale: number;
};

/** A ledger before the first step, or one that goes on with the counts of a checkpoint. */
export function openLedger(counts: Tensor1D = initialCounts()): Ledger {
  return { counts };
}

/** Reads the last step from the device, all at once. */
export async function readLedger({ counts, numbers }: Ledger, names: readonly string[]): Promise<StepNumbers> {
  const all = tidy(() => concat1d(numbers === undefined ? [counts] : [counts, numbers]));
  try {
    const [skipped, skippedInARow, lossScale, , ...values] = await all.data();
    const metrics = Object.fromEntries(names.map((name, i) => [name, values[i]]));
    return { metrics, applied: skippedInARow === 0, skipped, skippedInARow, lossScale };
  } finally {
    all.dispose();
  }
}
