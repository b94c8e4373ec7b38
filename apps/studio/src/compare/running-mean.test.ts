import { expect, it } from 'vitest';
import { runningMean } from './running-mean.ts';

it('is the mean of what is there until there is enough', () => {
  const points = [4, 2, 6, 0].map((value, i): [number, number] => [10 * i, value]);
  expect(runningMean(points, 2)).toEqual([
    [0, 4],
    [10, 3],
    [20, 4],
    [30, 3],
  ]);
});
