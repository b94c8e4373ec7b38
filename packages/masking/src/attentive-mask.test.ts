import { createRng } from '@vitrail/core';
import { expect, it } from 'vitest';
import { patchMask } from './patch-mask.ts';

const grid = { rows: 2, columns: 3 };
const masked = (importance: number[], ratio: number, seed = 0) =>
  patchMask({ kind: 'attentive', ratio, importance }, grid, createRng(seed));

it('masks the patches of the least importance and keeps the others', () => {
  for (const seed of [0, 1, 2]) {
    expect([...masked([0.3, -2, 5, 0.1, 0.2, 9], 0.5, seed).keep]).toEqual([0, 2, 5]);
    expect([...masked([0.3, -2, 5, 0.1, 0.2, 9], 1 / 6, seed).mask]).toEqual([0, 1, 0, 0, 0, 0]);
  }
});

it('draws among those that matter alike', () => {
  const counts = [0, 0, 0, 0, 0, 0];
  for (let seed = 0; seed < 1200; seed++) {
    masked([1, 0, 1, 1, 2, 1], 0.5, seed).mask.forEach((bit, index) => {
      counts[index] += bit;
    });
  }
  // Patch 1 always, patch 4 never, of the other four two.
  expect([counts[1], counts[4]]).toEqual([1200, 0]);
  for (const index of [0, 2, 3, 5]) expect(Math.abs(counts[index] - 600)).toBeLessThan(5 * 17.3);
});

it('says what does not fit', () => {
  expect(() => masked([1, 2, 3], 0.5)).toThrow('one number for each of the 2 x 3 patches, but 3 came');
  expect(() => masked([1, 2, 3, Number.NaN, 5, 6], 0.5)).toThrow('importance is finite, but NaN came');
});
