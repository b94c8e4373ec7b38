import { expect, it } from 'vitest';
import { median } from './median.ts';

it('is the middle by size, not by place or by spelling', () => {
  expect(median([10, 9, 100])).toBe(10);
  expect(median([7])).toBe(7);
});

it('is the mean of both middles of an even number', () => {
  expect(median([4, 1, 3, 100])).toBe(3.5);
});
