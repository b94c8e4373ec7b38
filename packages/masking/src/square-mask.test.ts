import { createRng } from '@vitrail/core';
import { expect, it } from 'vitest';
import { patchMask } from './patch-mask.ts';

it('masks whole squares of a coarser grid, every set of them equally often', () => {
  const grid = { rows: 4, columns: 6 };
  const counts = new Map<string, number>();
  for (let sample = 0; sample < 3000; sample++) {
    const { mask } = patchMask({ kind: 'square', ratio: 1 / 3, side: 2 }, grid, createRng(4).fork(sample));
    // The top left patches of the six squares say which two are masked.
    const squares = [0, 2, 4, 12, 14, 16].filter((index) => mask[index] === 1);
    for (const index of squares) expect([mask[index + 1], mask[index + 6], mask[index + 7]]).toEqual([1, 1, 1]);
    counts.set(squares.join(), (counts.get(squares.join()) ?? 0) + 1);
  }
  // 15 pairs, 200 draws each, standard deviation 13.7.
  expect(counts.size).toBe(15);
  for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(5 * 13.7);
});

it('fills up the count within one square, which is random too', () => {
  const seen = new Set<string>();
  for (let sample = 0; sample < 200; sample++) {
    const { mask } = patchMask({ kind: 'square', ratio: 3 / 16, side: 2 }, { rows: 4, columns: 4 }, createRng(4).fork(sample));
    const squares = new Set(
      [...mask].flatMap((bit, index) => (bit === 1 ? [2 * Math.floor(index / 8) + Math.floor((index % 4) / 2)] : [])),
    );
    expect(squares.size).toBe(1);
    seen.add(mask.join(''));
  }
  expect(seen.size).toBe(16); // 4 squares, 4 patches to leave out
});

it('refuses a side that no square has', () => {
  for (const side of [0, 1.5, Number.NaN]) {
    const masked = () => patchMask({ kind: 'square', ratio: 0.5, side }, { rows: 4, columns: 4 }, createRng(0));
    expect(masked).toThrow(`side is a whole number of at least 1, but ${side} came`);
  }
});
