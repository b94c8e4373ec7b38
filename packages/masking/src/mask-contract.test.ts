import { createRng } from '@vitrail/core';
import { describe, expect, it } from 'vitest';
import type { PatchGrid } from './patch-grid.ts';
import { type MaskSpec, patchMask } from './patch-mask.ts';

/** One patch, lines, primes, oblong, and the grids of 64, 98, 224 and 448 pixels. */
const grids = [
  [1, 1],
  [1, 2],
  [1, 13],
  [9, 1],
  [2, 2],
  [3, 5],
  [7, 11],
  [2, 31],
  [7, 7],
  [8, 8],
  [16, 16],
  [32, 32],
].map(([rows, columns]) => ({ rows, columns }));

const ratios = [0, 1e-9, 0.01, 0.1, 0.25, 0.4, 0.5, 0.7, 0.75, 0.97, 1];

const seeds = Array.from({ length: 12 }, (_, seed) => seed);

/** What every mask must do, whatever its kind. */
function maskContract(name: string, specOf: (ratio: number, grid: PatchGrid) => MaskSpec): void {
  describe(`${name} keeps the contract of masks`, () => {
    const masks = (grid: (typeof grids)[number], ratio: number) =>
      seeds.map((seed) => patchMask(specOf(ratio, grid), grid, createRng(seed).fork('sample')));

    it.each(grids)('on $rows x $columns: exact counts, bits, and the visible patches in order', (grid) => {
      const patches = grid.rows * grid.columns;
      for (const ratio of ratios) {
        for (const { mask, keep } of masks(grid, ratio)) {
          expect(mask).toBeInstanceOf(Uint8Array);
          expect(mask).toHaveLength(patches);
          expect([...mask].every((bit) => bit === 0 || bit === 1)).toBe(true);
          expect(
            mask.reduce((sum, bit) => sum + bit, 0),
            `masked at ratio ${ratio}`,
          ).toBe(Math.floor(ratio * patches + 0.5));
          expect(keep).toBeInstanceOf(Int32Array);
          expect([...keep]).toEqual([...mask.keys()].filter((index) => mask[index] === 0));
        }
      }
    });

    it('gives the same mask for the same stream, however often and after whatever draws', () => {
      for (const grid of grids) {
        const rng = createRng(5).fork(2, 41);
        const first = patchMask(specOf(0.6, grid), grid, rng);
        rng.uniform();
        expect(patchMask(specOf(0.6, grid), grid, rng)).toEqual(first);
        expect(patchMask(specOf(0.6, grid), grid, createRng(5).fork(2, 41))).toEqual(first);
      }
    });

    it('leaves the stream of numbers where it was', () => {
      const rng = createRng(1);
      const grid = { rows: 4, columns: 4 };
      patchMask(specOf(0.5, grid), grid, rng);
      expect(rng.uniform()).toBe(createRng(1).uniform());
    });

    it('gives another mask for another seed', () => {
      for (const ratio of [0.25, 0.5, 0.75]) {
        const different = new Set(masks({ rows: 16, columns: 16 }, ratio).map(({ mask }) => mask.join('')));
        expect(different.size).toBe(seeds.length);
      }
    });

    it('refuses ratios and grids that cannot be', () => {
      const grid = { rows: 4, columns: 4 };
      for (const ratio of [-0.01, 1.01, 75, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(() => patchMask(specOf(ratio, grid), grid, createRng(0))).toThrow(
          `ratio is a number from 0 to 1, but ${ratio} came`,
        );
      }
      for (const [rows, columns] of [
        [0, 4],
        [4, 0],
        [-1, 4],
        [2.5, 4],
        [4, Number.NaN],
      ]) {
        expect(() => patchMask(specOf(0.5, grid), { rows, columns }, createRng(0))).toThrow(`but ${rows} x ${columns} came`);
      }
    });
  });
}

maskContract('random', (ratio) => ({ kind: 'random', ratio }));
maskContract('block', (ratio) => ({ kind: 'block', ratio }));
maskContract('block with large boxes', (ratio) => ({ kind: 'block', ratio, minimumArea: 16 }));
maskContract('block with square boxes', (ratio) => ({ kind: 'block', ratio, minimumArea: 1, aspect: [1, 1] }));
// No such box fits: every patch comes from the completion.
maskContract('block with boxes larger than any grid', (ratio) => ({ kind: 'block', ratio, minimumArea: 1e6 }));
maskContract('reversed block', (ratio) => ({ kind: 'reversed-block', ratio }));
maskContract('reversed block with large boxes', (ratio) => ({ kind: 'reversed-block', ratio, minimumArea: 16 }));
maskContract('single squares', (ratio) => ({ kind: 'square', ratio, side: 1 }));
// On most of the grids the last squares are cut.
maskContract('square', (ratio) => ({ kind: 'square', ratio, side: 3 }));
maskContract('a square larger than any grid', (ratio) => ({ kind: 'square', ratio, side: 100 }));
maskContract('attentive, to patches that matter alike', (ratio, { rows, columns }) => {
  return { kind: 'attentive', ratio, importance: new Float32Array(rows * columns) };
});

it('names the kinds when it is given another', () => {
  const spec = { kind: 'blocks', ratio: 0.5 } as unknown as MaskSpec;
  expect(() => patchMask(spec, { rows: 2, columns: 2 }, createRng(0))).toThrow(
    expect.objectContaining({
      code: 'unknown-name',
      message:
        'patchMask: kind is one of random, block, reversed-block, square, attentive, but "blocks" came; did you mean "block"?',
    }),
  );
});
