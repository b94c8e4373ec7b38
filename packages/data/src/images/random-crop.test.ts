import { createRng, type Rng } from '@vitrail/core';
import { describe, expect, it } from 'vitest';
import { readJsonFixture } from '../../test/read-fixture.ts';
import { randomCropBox } from './random-crop.ts';
import type { CropBox } from './resample-crop.ts';

type Range = [number, number];
type Case = { width: number; height: number; scale: Range; aspect: Range; draws: number[]; box: CropBox };

/** A stream that gives these numbers in [0, 1) one after the other. */
function listed(numbers: readonly number[]): Rng & { left(): number } {
  let at = 0;
  return {
    ...createRng(0),
    uniform: (low = 0, high = 1) => low + (high - low) * numbers[at++],
    integer: (low, high) => low + Math.floor((high - low) * numbers[at++]),
    left: () => numbers.length - at,
  };
}

it.each(readJsonFixture<Case[]>('crops.json'))(
  'draws as torchvision: $width by $height, area $scale, aspect $aspect',
  ({ width, height, scale, aspect, draws, box }) => {
    const rng = listed(draws);
    // The one deviation: torchvision crops 1 by 1 pixel to nothing where the aspect must be 2 or more.
    const expected = { ...box, width: Math.max(1, box.width), height: Math.max(1, box.height) };
    expect(randomCropBox({ width, height }, { scale, aspect }, rng)).toEqual(expected);
    expect(rng.left()).toBe(0);
  },
);

describe('of many', () => {
  const N = 4000;
  const width = 1000;
  const height = 800;
  const scale: Range = [0.05, 0.32];
  const aspect: Range = [3 / 4, 4 / 3];
  const rng = createRng(3);
  const boxes = Array.from({ length: N }, () => randomCropBox({ width, height }, { scale, aspect }, rng));
  /** Largest distance between the distribution of the values and the uniform one on [low, high] (Kolmogorov, Smirnov). */
  const distanceToUniform = (values: readonly number[], low: number, high: number) => {
    const sorted = values.toSorted((a, b) => a - b);
    return Math.max(...sorted.map((value, i) => Math.abs((value - low) / (high - low) - (i + 0.5) / N)));
  };
  /** What that distance exceeds with a probability of 1 in 10,000. */
  const limit = 2.23 / Math.sqrt(N);

  it('areas are uniform', () => {
    const shares = boxes.map((box) => (box.width * box.height) / (width * height));
    expect(distanceToUniform(shares, ...scale)).toBeLessThan(limit);
  });

  it('aspects are log-uniform', () => {
    const logs = boxes.map((box) => Math.log(box.width / box.height));
    expect(distanceToUniform(logs, Math.log(aspect[0]), Math.log(aspect[1]))).toBeLessThan(limit);
  });

  it('all places are alike, the borders included', () => {
    // Within its room a place is uniform on whole numbers: half a pixel is added to compare with the continuous one.
    const across = boxes.map((box) => (box.left + 0.5) / (width - box.width + 1));
    const down = boxes.map((box) => (box.top + 0.5) / (height - box.height + 1));
    expect(distanceToUniform(across, 0, 1)).toBeLessThan(limit);
    expect(distanceToUniform(down, 0, 1)).toBeLessThan(limit);
    const tight = Array.from({ length: 200 }, () =>
      randomCropBox({ width: 3, height: 3 }, { scale: [0.44, 0.45], aspect: [1, 1] }, rng),
    );
    expect(new Set(tight.map(({ left, top, ...box }) => `${left},${top},${box.width}x${box.height}`))).toEqual(
      new Set(['0,0,2x2', '0,1,2x2', '1,0,2x2', '1,1,2x2']),
    );
  });
});

it.each([
  [1, 1],
  [1, 2],
  [1, 5000],
  [5000, 1],
  [2, 3],
  [17, 4096],
])('an image of %s by %s always has a crop, of at least one pixel and within it', (width, height) => {
  const rng = createRng(1);
  for (const scale of [
    [0.0001, 0.001],
    [0.05, 0.32],
    [1, 1],
  ] as Range[]) {
    for (const aspect of [
      [3 / 4, 4 / 3],
      [1, 1],
      [8, 9],
      [1 / 9, 1 / 8],
    ] as Range[]) {
      for (let i = 0; i < 20; i++) {
        const box = randomCropBox({ width, height }, { scale, aspect }, rng);
        expect(Object.values(box).every(Number.isInteger)).toBe(true);
        expect(Math.min(box.left, box.top)).toBeGreaterThanOrEqual(0);
        expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(1);
        expect(box.left + box.width).toBeLessThanOrEqual(width);
        expect(box.top + box.height).toBeLessThanOrEqual(height);
      }
    }
  }
});
