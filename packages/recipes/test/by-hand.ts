import type { Tensor } from '@tensorflow/tfjs-core';
import type { MlpParams } from '@vitrail/heads';

/** A matrix as rows of numbers. */
export type Rows = readonly (readonly number[])[];

export const rowsOf = (tensor: Tensor): Rows => tensor.arraySync() as Rows;

export const product = (x: Rows, kernel: Rows): Rows =>
  x.map((row) => kernel[0].map((_, j) => row.reduce((sum, value, i) => sum + value * kernel[i][j], 0)));

export function cosine(a: readonly number[], b: readonly number[]): number {
  return a.reduce((dot, x, i) => dot + x * b[i], 0) / (Math.hypot(...a) * Math.hypot(...b));
}

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean and variance, divided by `rows - degrees`, of every column. */
export function columnStatistics(x: Rows, degrees = 0): { mean: number[]; variance: number[] } {
  const columns = x[0].map((_, j) => x.map((row) => row[j]));
  return {
    mean: columns.map(mean),
    variance: columns.map((column) => column.reduce((sum, v) => sum + (v - mean(column)) ** 2, 0) / (column.length - degrees)),
  };
}

/** Layers of linear maps, batch norms over these rows (or with the statistics given) and, but for the last layer, ReLU. */
export function mlp(
  params: MlpParams,
  x: Rows,
  { plain = false, running }: { plain?: boolean; running?: readonly ReturnType<typeof columnStatistics>[] } = {},
): { output: Rows; linear: Rows[] } {
  const count = Object.keys(params).length;
  const linear: Rows[] = [];
  let output = x;
  for (let layer = 0; layer < count; layer++) {
    const { linear: weights, norm } = params[layer];
    const bias = weights.bias ? (weights.bias.arraySync() as number[]) : undefined;
    output = product(output, rowsOf(weights.kernel)).map((row) => row.map((v, j) => v + (bias?.[j] ?? 0)));
    linear.push(output);
    const isLast = layer === count - 1;
    if (norm || (plain && isLast)) {
      const scale = norm?.scale?.arraySync() as number[] | undefined;
      const shift = norm?.bias?.arraySync() as number[] | undefined;
      const { mean: centre, variance } = running?.[layer] ?? columnStatistics(output);
      output = output.map((row) =>
        row.map((v, j) => ((v - centre[j]) / Math.sqrt(variance[j] + 1e-5)) * (scale?.[j] ?? 1) + (shift?.[j] ?? 0)),
      );
    }
    if (!isLast) output = output.map((row) => row.map((v) => Math.max(0, v)));
  }
  return { output, linear };
}

/** Half of the cross-entropies of rows and of columns of `scale` times the cosines; target: the same place, smoothed. */
export function contrast(images: Rows, texts: Rows, scale: number, smoothing = 0): number {
  const direction = (queries: Rows, keys: Rows) =>
    mean(
      queries.map((query, i) => {
        const scores = keys.map((key) => scale * cosine(query, key));
        const log = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
        return (1 - smoothing) * (log - scores[i]) + smoothing * mean(scores.map((score) => log - score));
      }),
    );
  return (direction(images, texts) + direction(texts, images)) / 2;
}
