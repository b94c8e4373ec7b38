import { expect, test } from 'vitest';
import { paintHeatMap } from './paint-heat-map.ts';

const dark = [68, 1, 84];
const middle = [33, 145, 140];
const light = [253, 231, 37];

test('the smallest value is dark, the largest light, the one halfway the middle of viridis', () => {
  expect([...paintHeatMap(Float32Array.of(-1, 0, 1))]).toEqual([...dark, ...middle, ...light]);
});

test('values beyond a given range have the colours of its ends', () => {
  expect([...paintHeatMap(Float32Array.of(-5, 0.5, 9), [0, 1])]).toEqual([...dark, ...middle, ...light]);
});

test('equal values are dark, and none are no colours', () => {
  expect([...paintHeatMap(Float32Array.of(2, 2))]).toEqual([...dark, ...dark]);
  expect(paintHeatMap(new Float32Array(0))).toHaveLength(0);
});
