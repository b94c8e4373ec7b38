import { expect, test } from 'vitest';
import { metricSeries, type Point, smoothed, thinned } from './series.ts';

const points = (values: readonly number[]): Point[] => values.map((value, i) => ({ step: i + 1, value, afterGap: false }));

test('values that are not finite leave a gap and are counted, whichever way they were written', () => {
  const rows = [1, 'NaN', null, Number.NaN, 5].map((loss, i) => ({ step: i + 1, split: 'train', loss }));
  expect(metricSeries(rows, 'train', 'loss')).toEqual({
    points: [
      { step: 1, value: 1, afterGap: false },
      { step: 5, value: 5, afterGap: true },
    ],
    notFinite: 3,
  });
});

test('splits do not mix, steps are sorted, and a repeated step keeps what was written last', () => {
  const rows = [
    { step: 2, split: 'train', loss: 2 },
    { step: 1, split: 'train', loss: 9 },
    { step: 1, split: 'eval', loss: 7 },
    { step: 1, split: 'train', loss: 1 },
    { step: 3, split: 'train', lr: 0.1 },
  ];
  expect(metricSeries(rows, 'train', 'loss').points.map(({ step, value }) => [step, value])).toEqual([
    [1, 1],
    [2, 2],
  ]);
});

test('the trend of a straight line is that line inside, and the beginning is not flattened', () => {
  const line = points(Array.from({ length: 300 }, (_, i) => 10 - 0.02 * i));
  const trend = smoothed(line);
  for (const i of [0, 1, 5, 150, 270]) expect(trend[i].value).toBeCloseTo(line[i].value, 6);
});

test('the trend takes noise away and keeps few points as they are', () => {
  const noisy = smoothed(points(Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? 1 : -1))));
  for (const { value } of noisy.slice(20)) expect(Math.abs(value)).toBeLessThan(0.03);
  const few = points([3, 1, 2]);
  expect(smoothed(few)).toBe(few);
});

test('thinning a long curve keeps its spikes, its order and its gaps', () => {
  const long = points(Array.from({ length: 10_000 }, () => 0)).map((point) =>
    point.step === 7777 ? { ...point, value: 50 } : point.step === 4000 ? { ...point, afterGap: true } : point,
  );
  const thin = thinned(long, 200);
  expect(thin.length).toBeLessThanOrEqual(400);
  expect(Math.max(...thin.map(({ value }) => value))).toBe(50);
  expect(thin.some(({ afterGap }) => afterGap)).toBe(true);
  expect(thin.every((point, i) => i === 0 || point.step > thin[i - 1].step)).toBe(true);
});
