import { expectClose } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { type ResampleFilter, resampleTaps } from './resample.ts';

describe.each<ResampleFilter>(['bilinear', 'bicubic'])('%s', (filter) => {
  it.each([
    [8, 3],
    [8, 8],
    [8, 12],
    [1, 5],
    [5, 1],
    [1000, 7],
    [3, 224],
  ])('from %s to %s: weights that sum to 1, over inputs that exist, the same from both ends', (from, to) => {
    const { start, count, weights, stride } = resampleTaps(from, to, filter);
    for (let i = 0; i < to; i++) {
      const row = [...weights.subarray(i * stride, i * stride + count[i])];
      expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
      expect(count[i]).toBeGreaterThanOrEqual(1);
      expect(count[i]).toBeLessThanOrEqual(stride);
      expect(start[i]).toBeGreaterThanOrEqual(0);
      expect(start[i] + count[i]).toBeLessThanOrEqual(from);
      const centre = row.reduce((sum, weight, k) => sum + weight * (start[i] + k), 0);
      const m = to - 1 - i;
      const mirrored = [...weights.subarray(m * stride, m * stride + count[m])];
      const mirroredCentre = mirrored.reduce((sum, weight, k) => sum + weight * (start[m] + k), 0);
      expect(centre + mirroredCentre).toBeCloseTo(from - 1, 9);
    }
  });

  it('at the same size gives every value back', () => {
    const { start, count, weights, stride } = resampleTaps(4, 4, filter);
    for (let i = 0; i < 4; i++) {
      const dense = new Float64Array(4);
      for (let k = 0; k < count[i]; k++) dense[start[i] + k] = weights[i * stride + k];
      expectClose(
        dense,
        [0, 1, 2, 3].map((j) => (j === i ? 1 : 0)),
        0,
      );
    }
  });
});

it('has the weights that follow from the triangle and from the cubic with a = -1/2', () => {
  const bilinear = resampleTaps(4, 2, 'bilinear');
  // Centre 1 of the first output, triangle of half-width 2: 3/4, 3/4, 1/4 at distances 1/2, 1/2, 3/2, normalised.
  expectClose(bilinear.weights.subarray(0, 3), [3 / 7, 3 / 7, 1 / 7], 1e-12);
  const bicubic = resampleTaps(4, 8, 'bicubic');
  // Output 3 has its centre at 1.75, a quarter behind input 1: k(5/4), k(1/4), k(3/4), k(7/4).
  const at = 3 * bicubic.stride;
  expect(bicubic.start[3]).toBe(0);
  expectClose(bicubic.weights.subarray(at, at + 4), [-9 / 128, 111 / 128, 29 / 128, -3 / 128], 1e-12);
});
