import { add, clone, type Tensor, type Tensor1D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';

/** Sums of metrics over the steps since the last row of `metrics.jsonl`, without those that were left out: what a checkpoint keeps. */
export type MetricSums = { readonly steps: number; readonly sums: Readonly<Record<string, number>> };

/** No steps yet. */
export const noSteps: MetricSums = { steps: 0, sums: {} };

/** Sums on the device: a step adds to them in one launch, and nothing is read until somebody asks. */
export type MetricWindow = {
  /** One more step: the names of its numbers, and what `StepOutcome` has as `counted`, which stays the caller's. */
  add(names: readonly string[], counted: Tensor1D): void;
  /** Reads the sums, which on a GPU waits for the last step. */
  read(): Promise<MetricSums>;
  /** Back to no steps. Disposes the sums, and so is how a window ends. */
  clear(): void;
};

/** A window that goes on from these sums. */
export function openMetricWindow({ steps, sums: saved }: MetricSums = noSteps): MetricWindow {
  let names: readonly string[] = Object.keys(saved);
  let sums: Tensor | undefined = steps > 0 ? tensor1d([steps, ...Object.values(saved)]) : undefined;

  return {
    add(stepNames, counted) {
      if (sums !== undefined && stepNames.join() !== names.join()) {
        throw new VitrailError(
          'shape-mismatch',
          `a program has the same metrics at every step, but ${names} became ${stepNames}`,
        );
      }
      const before = sums;
      sums = before === undefined ? clone(counted) : tidy(() => add(before, counted));
      before?.dispose();
      names = stepNames;
    },
    async read() {
      if (sums === undefined) return noSteps;
      const [count, ...values] = await sums.data();
      return { steps: count, sums: count > 0 ? Object.fromEntries(names.map((name, i) => [name, values[i]])) : {} };
    },
    clear() {
      sums?.dispose();
      sums = undefined;
    },
  };
}

/** The mean of every metric over the steps of the sums. */
export function metricMeans({ steps, sums }: MetricSums): Record<string, number> {
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / steps]));
}
