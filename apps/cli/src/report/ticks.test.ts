import { expect, test } from 'vitest';
import { stepAxis, valueAxis } from './ticks.ts';

test('value axes end at round ticks that enclose the values', () => {
  expect(valueAxis(1.6, 3.47).labels).toEqual(['1.5', '2.0', '2.5', '3.0', '3.5']);
  expect(valueAxis(0, 0.002).labels).toEqual(['0', '0.0005', '0.0010', '0.0015', '0.0020']);
  expect(valueAxis(0, 4e-5).labels).toEqual(['0', '1e-5', '2e-5', '3e-5', '4e-5']);
  expect(valueAxis(0, 0.143, { percent: true }).labels).toEqual(['0\u202f%', '5\u202f%', '10\u202f%', '15\u202f%']);
  expect(valueAxis(-1, 1).labels).toEqual(['\u22121.0', '\u22120.5', '0', '0.5', '1.0']);
});

test.each([
  [5, 5],
  [0, 0],
  [6.2, 6.2001],
  [-3, -3],
  [1e-9, 1e-9],
  [1e12, 1e12],
])('a constant curve (%d to %d) still gets a range, and ticks with different names', (low, high) => {
  const axis = valueAxis(low, high);
  expect(axis.low).toBeLessThan(low);
  expect(axis.high).toBeGreaterThan(high);
  expect(new Set(axis.labels).size).toBe(axis.labels.length);
});

test('step axes have whole steps, from 0 where a run starts near it', () => {
  expect(stepAxis(1, 1000)).toMatchObject({ low: 0, high: 1000, ticks: [0, 250, 500, 750, 1000] });
  expect(stepAxis(0, 3).ticks).toEqual([0, 1, 2, 3]);
  expect(stepAxis(100, 90_000).labels).toEqual(['0', '25k', '50k', '75k']);
  expect(stepAxis(600, 1000).low).toBe(600);
});

test('one single step stands in the middle of its axis', () => {
  expect(stepAxis(7, 7)).toEqual({ low: 6, high: 8, ticks: [7], labels: ['7'] });
});
