import { createRng } from '@vitrail/core';
import { describe, expect, it } from 'vitest';
import type { PatchGrid } from './patch-grid.ts';
import { type MaskSpec, patchMask } from './patch-mask.ts';

/** How often each position is masked, and how often the right or lower neighbour of a masked patch is masked too. */
function statistics(spec: MaskSpec, grid: PatchGrid, draws: number) {
  const { rows, columns } = grid;
  const frequency = new Float64Array(rows * columns);
  let [pairs, both] = [0, 0];
  for (let sample = 0; sample < draws; sample++) {
    const { mask } = patchMask(spec, grid, createRng(7).fork(sample));
    mask.forEach((bit, index) => {
      frequency[index] += bit / draws;
      if (bit === 0) return;
      const neighbours = [
        ...((index + 1) % columns === 0 ? [] : [index + 1]),
        ...(index + columns < mask.length ? [index + columns] : []),
      ];
      pairs += neighbours.length;
      both += neighbours.filter((neighbour) => mask[neighbour] === 1).length;
    });
  }
  return { frequency, together: both / pairs };
}

function places(frequency: Float64Array, { rows, columns }: PatchGrid) {
  const average = (belongs: (row: number, column: number) => boolean) => {
    const chosen = [...frequency].filter((_, index) => belongs(Math.floor(index / columns), index % columns));
    return chosen.reduce((sum, value) => sum + value, 0) / chosen.length;
  };
  const mean = average(() => true);
  const lines = [
    average((row) => row === 0),
    average((row) => row === rows - 1),
    average((_, column) => column === 0),
    average((_, column) => column === columns - 1),
  ];
  return {
    centre: average((row, column) => Math.abs(row - (rows - 1) / 2) < 1 && Math.abs(column - (columns - 1) / 2) < 1),
    border: lines.reduce((sum, value) => sum + value, 0) / 4,
    corners: average((row, column) => (row === 0 || row === rows - 1) && (column === 0 || column === columns - 1)),
    deviation: Math.sqrt(frequency.reduce((sum, value) => sum + (value - mean) ** 2, 0) / frequency.length),
  };
}

// Simulated with BEiT's generator (Python, 5,000 masks), smallest area 16, completed uniformly; reversed at a constant ratio.
it.each([
  { kind: 'block', ratio: 0.4, centre: 0.734, border: 0.131, corners: 0.04, deviation: 0.203 },
  { kind: 'block', ratio: 0.5, centre: 0.857, border: 0.181, corners: 0.054, deviation: 0.232 },
  { kind: 'block', ratio: 0.7, centre: 0.976, border: 0.326, corners: 0.111, deviation: 0.243 },
  { kind: 'reversed-block', ratio: 0.4, centre: 0.395, border: 0.444, corners: 0.478, deviation: 0.029 },
  { kind: 'reversed-block', ratio: 0.5, centre: 0.494, border: 0.501, corners: 0.5, deviation: 0.005 },
  { kind: 'reversed-block', ratio: 0.7, centre: 0.702, border: 0.613, corners: 0.537, deviation: 0.053 },
] as const)('$kind masks the places that the reference masks at ratio $ratio', ({ kind, ratio, ...expected }) => {
  const grid = { rows: 16, columns: 16 };
  const { frequency } = statistics({ kind, ratio, minimumArea: 16 }, grid, 5000);
  const measured = places(frequency, grid);
  for (const place of ['centre', 'border', 'corners', 'deviation'] as const) {
    expect(Math.abs(measured[place] - expected[place]), `${place}: ${measured[place]}`).toBeLessThan(0.01);
  }
});

it('reversed blocks are blocks half of the time, and else leave blocks visible', () => {
  const grid = { rows: 14, columns: 14 };
  // The share of neighbours of a masked patch that are masked too is high either way; at 0.25 what touches the border tells the two apart.
  let blocks = 0;
  for (let sample = 0; sample < 400; sample++) {
    const { mask } = patchMask({ kind: 'reversed-block', ratio: 0.25, minimumArea: 16 }, grid, createRng(2).fork(sample));
    const border = [...mask].filter((bit, index) => {
      const [row, column] = [Math.floor(index / 14), index % 14];
      return bit === 1 && (row === 0 || column === 0 || row === 13 || column === 13);
    });
    if (border.length < 16) blocks++;
  }
  expect(Math.abs(blocks - 200)).toBeLessThan(60); // standard deviation 10, and a few blocks lie along a border
});

it('masks neighbours together far more often than random positions are', () => {
  const grid = { rows: 12, columns: 20 };
  // Random: (M - 1) / (N - 1) of the other patches are masked, next to a masked one or not.
  const random = statistics({ kind: 'random', ratio: 0.4 }, grid, 500).together;
  expect(Math.abs(random - 95 / 239)).toBeLessThan(0.01);
  expect(statistics({ kind: 'block', ratio: 0.4 }, grid, 500).together).toBeGreaterThan(0.7);
});

describe('with one box of 9 patches, 9 times as high as wide', () => {
  const spec: MaskSpec = { kind: 'block', ratio: 9 / 144, minimumArea: 9, aspect: [9, 9] };
  const grid = { rows: 12, columns: 12 };
  const positions = (sample: number, on: PatchGrid = grid) =>
    [...patchMask(spec, on, createRng(0).fork(sample)).mask].flatMap((bit, index) => (bit === 1 ? [index] : []));

  it('masks a column of 9, and every place of it is equally likely', () => {
    const draws = 4800;
    const counts = new Map<number, number>();
    for (let sample = 0; sample < draws; sample++) {
      const masked = positions(sample);
      expect(masked).toEqual(Array.from({ length: 9 }, (_, i) => masked[0] + 12 * i));
      counts.set(masked[0], (counts.get(masked[0]) ?? 0) + 1);
    }
    // 4 rows to start in, 12 columns: 48 places, 100 draws each, standard deviation 9.9.
    expect(counts.size).toBe(48);
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(50);
  });

  it('draws no box as high as the grid, and completes uniformly instead', () => {
    const flat = { rows: 9, columns: 16 };
    const hit = new Set<number>();
    let columnsSeen = 0;
    for (let sample = 0; sample < 200; sample++) {
      const masked = positions(sample, flat);
      expect(masked).toHaveLength(9);
      columnsSeen += new Set(masked.map((index) => index % 16)).size / 200;
      for (const index of masked) hit.add(index);
    }
    expect(hit.size).toBe(144);
    expect(columnsSeen).toBeGreaterThan(6); // 16 (1 - (15/16)^9), about 7
  });
});

it('refuses boxes that cannot be', () => {
  const masked = (options: object) => () =>
    patchMask({ kind: 'block', ratio: 0.5, ...options }, { rows: 4, columns: 4 }, createRng(0));
  expect(masked({ minimumArea: 0 })).toThrow('minimumArea is a number of at least 1, but 0 came');
  expect(masked({ minimumArea: Number.NaN })).toThrow('but NaN came');
  expect(masked({ aspect: [0, 2] })).toThrow('aspect is [lowest, highest] with 0 < lowest <= highest, but [0, 2] came');
  expect(masked({ aspect: [2, 1] })).toThrow('but [2, 1] came');
});
