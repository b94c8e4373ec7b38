/** Sums of metrics over the steps since the last row of `metrics.jsonl`; what a checkpoint keeps of it is these numbers. */
export type MetricSums = { readonly steps: number; readonly sums: Readonly<Record<string, number>> };

/** No steps yet. */
export const emptyWindow: MetricSums = { steps: 0, sums: {} };

/** The window with one more step in it. */
export function addStep({ steps, sums }: MetricSums, metrics: Readonly<Record<string, number>>): MetricSums {
  const added = Object.entries(metrics).map(([name, value]) => [name, (sums[name] ?? 0) + value]);
  return { steps: steps + 1, sums: Object.fromEntries(added) };
}

/** The mean of every metric over the steps of the window. */
export function windowMeans({ steps, sums }: MetricSums): Record<string, number> {
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / steps]));
}
