import { createRng } from '@vitrail/core';
import { expect, it } from 'vitest';
import { patchMask } from './patch-mask.ts';

it('masks every set of patches equally often', () => {
  // 3 of 6: 20 sets, 200 draws each, standard deviation 13.8. Dependence between positions would show as well as a favourite position.
  const draws = 4000;
  const counts = new Map<string, number>();
  for (let sample = 0; sample < draws; sample++) {
    const { mask } = patchMask({ kind: 'random', ratio: 0.5 }, { rows: 2, columns: 3 }, createRng(11).fork(sample));
    counts.set(mask.join(''), (counts.get(mask.join('')) ?? 0) + 1);
  }
  expect(counts.size).toBe(20);
  for (const count of counts.values()) expect(Math.abs(count - draws / 20)).toBeLessThan(5 * 13.8);
});

it('masks every position equally often on a large grid', () => {
  const draws = 2000;
  const grid = { rows: 16, columns: 16 };
  const sums = new Float64Array(256);
  for (let sample = 0; sample < draws; sample++) {
    patchMask({ kind: 'random', ratio: 0.75 }, grid, createRng(3).fork(sample)).mask.forEach((bit, i) => {
      sums[i] += bit;
    });
  }
  const deviation = Math.sqrt(draws * 0.75 * 0.25);
  for (const sum of sums) expect(Math.abs(sum - 0.75 * draws)).toBeLessThan(5 * deviation);
});
