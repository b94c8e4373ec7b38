/** Points whose values are means over the last `count` of them, so that a trend is seen through the noise of batches. */
export function runningMean(
  points: readonly (readonly [step: number, value: number])[],
  count: number,
): readonly (readonly [step: number, value: number])[] {
  let sum = 0;
  return points.map(([step, value], i) => {
    sum += value - (i >= count ? points[i - count][1] : 0);
    return [step, sum / Math.min(i + 1, count)];
  });
}
