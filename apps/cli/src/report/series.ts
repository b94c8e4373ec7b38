import type { MetricRow } from './report-input.ts';

/** A finite value at a step. */
export type Point = {
  readonly step: number;
  readonly value: number;
  /** Whether a value that is not finite stands between the point before and this one: a line must not bridge it. */
  readonly afterGap: boolean;
};

/** The curve of one metric. */
export type Series = {
  /** Finite values by ascending step, one per step (the last that was written, so that a resumed run overwrites what it repeats). */
  readonly points: readonly Point[];
  /** How many steps have the metric but no finite value. */
  readonly notFinite: number;
};

/** The curve of `metric` over the rows of one split. Rows without the metric are passed over. */
export function metricSeries(rows: readonly MetricRow[], split: 'train' | 'eval', metric: string): Series {
  const byStep = new Map<number, number>();
  for (const row of rows) {
    if (row.split !== split || !(metric in row) || !Number.isFinite(row.step)) continue;
    const value = row[metric];
    byStep.set(row.step, typeof value === 'number' ? value : Number.NaN);
  }
  const points: Point[] = [];
  let notFinite = 0;
  let afterGap = false;
  for (const [step, value] of [...byStep].sort(([a], [b]) => a - b)) {
    if (Number.isFinite(value)) points.push({ step, value, afterGap });
    else notFinite++;
    afterGap = !Number.isFinite(value);
  }
  return { points, notFinite };
}

/** Whether a curve is long enough that {@link smoothed} gives it a trend of its own. */
export function hasTrend(points: readonly Point[]): boolean {
  return points.length >= 20;
}

/**
 * The trend of a noisy curve: a centred moving mean over about a fifteenth of the points, twice, which does not lag. At the start, where
 * the window is cut and curves are steep, a line through it takes the place of its mean. Fewer than 20 points come back as they are.
 */
export function smoothed(points: readonly Point[]): readonly Point[] {
  if (!hasTrend(points)) return points;
  const halfWidth = Math.max(1, Math.round(points.length / 30));
  const values = points.map(({ value }) => value);
  return movingTrend(movingTrend(values, halfWidth), halfWidth).map((value, i) => ({ ...points[i], value }));
}

/**
 * At most `2 * buckets` points that draw like the whole curve: the extremes of every stretch of steps, in their order.
 *
 * @param points by ascending step.
 */
export function thinned(points: readonly Point[], buckets: number): readonly Point[] {
  if (points.length <= 2 * buckets) return points;
  const thin: Point[] = [];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = Math.floor((bucket * points.length) / buckets);
    const to = Math.floor(((bucket + 1) * points.length) / buckets);
    let least = from;
    let most = from;
    let afterGap = false;
    for (let i = from; i < to; i++) {
      if (points[i].value < points[least].value) least = i;
      if (points[i].value > points[most].value) most = i;
      afterGap ||= points[i].afterGap;
    }
    const [first, second] = least < most ? [least, most] : [most, least];
    thin.push({ ...points[first], afterGap });
    if (second !== first) thin.push({ ...points[second], afterGap: false });
  }
  return thin;
}

/** At every index, the mean of the values at most `halfWidth` away; at the start, what their least-squares line has there. */
function movingTrend(values: readonly number[], halfWidth: number): number[] {
  const sums = new Float64Array(values.length + 1);
  const moments = new Float64Array(values.length + 1);
  for (const [i, value] of values.entries()) {
    sums[i + 1] = sums[i] + value;
    moments[i + 1] = moments[i] + i * value;
  }
  return values.map((_, i) => {
    const from = Math.max(0, i - halfWidth);
    const to = Math.min(values.length, i + halfWidth + 1);
    const count = to - from;
    const mean = (sums[to] - sums[from]) / count;
    if (i >= halfWidth) return mean;
    const center = (from + to - 1) / 2;
    const slope = (moments[to] - moments[from] - center * count * mean) / ((count ** 3 - count) / 12);
    return mean + (i - center) * slope;
  });
}
