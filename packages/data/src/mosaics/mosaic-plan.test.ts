import { createRng } from '@vitrail/core';
import { expect, it } from 'vitest';
import { mosaicPlan } from './mosaic-plan.ts';

function uses(plan: ReturnType<typeof mosaicPlan>, mosaics: number, tileCount: number): number[] {
  const counts = new Array<number>(tileCount).fill(0);
  for (let index = 0; index < mosaics; index++) for (const tile of plan(index).tiles) counts[tile]++;
  return counts;
}

it('uses every tile about equally often, whatever the grids', () => {
  for (const [least, most] of [
    [2, 2],
    [1, 3],
    [1, 1],
  ]) {
    const counts = uses(mosaicPlan(createRng(0), { tileCount: 23, least, most }), 60, 23);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  }
});

it('gives each grid of a range equally often, and a mosaic as many tiles as its grid has cells', () => {
  const plan = mosaicPlan(createRng(1), { tileCount: 1000, least: 1, most: 3 });
  const grids = Array.from({ length: 300 }, (_, index) => plan(index).grid);
  for (const grid of [1, 2, 3]) expect(grids.filter((other) => other === grid)).toHaveLength(100);
  for (let index = 0; index < 30; index++) expect(plan(index).tiles).toHaveLength(grids[index] ** 2);
  // Neither in turn nor tied to even and odd numbers, which evaluations tell apart.
  const even = grids.filter((grid, index) => grid === 1 && index % 2 === 0).length;
  expect(even).toBeGreaterThan(30);
  expect(even).toBeLessThan(70);
});

it('is random access: a mosaic is the same whether others were asked for or not', () => {
  const options = { tileCount: 17, least: 1, most: 3 };
  const inOrder = mosaicPlan(createRng(2), options);
  const all = Array.from({ length: 40 }, (_, index) => inOrder(index));
  expect(mosaicPlan(createRng(2), options)(39)).toEqual(all[39]);
  expect(mosaicPlan(createRng(3), options)(39)).not.toEqual(all[39]);
});

it('draws from a single tile if there is but one', () => {
  expect(Array.from(mosaicPlan(createRng(0), { tileCount: 1, least: 2, most: 2 })(5).tiles)).toEqual([0, 0, 0, 0]);
});

it('mixes the tiles anew when all have been used', () => {
  const plan = mosaicPlan(createRng(0), { tileCount: 40, least: 2, most: 2 });
  const pass = (first: number) => Array.from({ length: 10 }, (_, i) => Array.from(plan(first + i).tiles)).flat();
  expect(pass(0)).not.toEqual(pass(10));
  expect(pass(10).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, tile) => tile));
});
