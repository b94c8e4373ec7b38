import { type Scalar, scalar, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { disposeTree } from '@vitrail/core';
import { expectClose, expectNoLeak, onBackend } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { clippingScale, guardStep, initialCounts, lossScaleOf } from './index.ts';

/** One step from these counts, in numbers. */
function guard(
  counts: number[],
  { loss = 3, norm = 5, ...options }: { loss?: number; norm?: number; maximumNorm?: number; lossScaling?: boolean } = {},
) {
  const given = { numbers: tensor1d([loss, 7]), norm: scalar(norm), counts: tensor1d(counts) };
  const made = guardStep({ ...given, ...options });
  const read = Object.fromEntries(Object.entries(made).map(([name, tensor]) => [name, [...tensor.dataSync()]]));
  disposeTree(given, made);
  return read as Record<'gradientScale' | 'counts' | 'numbers' | 'counted', number[]>;
}

onBackend(['cpu', 'wasm'], () => {
  it('lets a good step pass, and clips to the maximum norm', () => {
    expect(guard([4, 2, 1, 0])).toEqual({
      gradientScale: [1],
      counts: [4, 0, 1, 0],
      numbers: [3, 7, 5],
      counted: [1, 3, 7, 5],
    });
    const clipped = guard([0, 0, 1, 0], { maximumNorm: 0.7 }).gradientScale;
    const norm = scalar(5);
    const expected = clippingScale(norm, 0.7);
    expect(clipped).toEqual([...expected.dataSync()]); // The bits of what a step without a guard takes.
    disposeTree({ norm, expected });
  });

  it.each<[string, object]>([
    ['a loss that is NaN', { loss: Number.NaN }],
    ['a loss that is infinite', { loss: Number.NEGATIVE_INFINITY }],
    ['a norm that is NaN', { norm: Number.NaN }],
    ['a norm that is infinite', { norm: Number.POSITIVE_INFINITY, maximumNorm: 1 }],
  ])('leaves out a step with %s, and counts it', (_, step) => {
    const { gradientScale, counts, numbers, counted } = guard([4, 2, 1, 0], step);
    expect({ gradientScale, counts, counted }).toEqual({
      gradientScale: [Number.NaN],
      counts: [5, 3, 1, 0],
      counted: [0, 0, 0, 0],
    });
    expect(numbers.every(Number.isFinite)).toBe(false);
  });

  it('does not mind other numbers', () => {
    const numbers = tensor1d([1, Number.NaN]);
    const [norm, counts] = [scalar(1), initialCounts()];
    const made = guardStep({ numbers, norm, counts });
    expectClose(made.gradientScale, [1], 0);
    disposeTree({ numbers, norm, counts }, made);
  });

  it('leaves nothing behind but what it gives', () => {
    const given = { numbers: tensor1d([1]), norm: scalar(1), counts: initialCounts() };
    expectNoLeak(() => Object.values<Tensor>(guardStep({ ...given, maximumNorm: 1, lossScaling: true })));
    disposeTree(given);
  });

  describe('the scale of the loss', () => {
    const scaled = (counts: number[], step = {}) => guard(counts, { lossScaling: true, ...step });

    it('is taken out of the norm and of the gradients, before they are clipped', () => {
      // Gradients of norm 5 have come times 16.
      expect(scaled([0, 0, 16, 0], { norm: 80 })).toMatchObject({ gradientScale: [1 / 16], numbers: [3, 7, 5] });
      expect(scaled([0, 0, 16, 0], { norm: 80, maximumNorm: 2 }).gradientScale).toEqual([Math.fround(Math.fround(0.4) / 16)]);
    });

    it('is 2^16 at the start, halves with every step left out, and stays at 1', () => {
      const counts = initialCounts();
      expect([...counts.dataSync()]).toEqual([0, 0, 65_536, 0]);
      const scale = lossScaleOf(counts);
      expectClose(scale, [65_536], 0);
      disposeTree({ counts, scale });
      expect(scaled([0, 0, 65_536, 12], { loss: Number.NaN }).counts).toEqual([1, 1, 32_768, 0]);
      expect(scaled([1, 1, 32_768, 0], { norm: Number.POSITIVE_INFINITY }).counts).toEqual([2, 2, 16_384, 0]);
      expect(scaled([1, 1, 1, 0], { norm: Number.NaN }).counts).toEqual([2, 2, 1, 0]);
    });

    it('doubles after the 2,000th good step in a row, and stays at 2^24', () => {
      expect(scaled([3, 2, 8, 1997]).counts).toEqual([3, 0, 8, 1998]);
      expect(scaled([3, 0, 8, 1998]).counts).toEqual([3, 0, 8, 1999]);
      expect(scaled([3, 0, 8, 1999]).counts).toEqual([3, 0, 16, 0]);
      expect(scaled([3, 0, 2 ** 24, 1999]).counts).toEqual([3, 0, 2 ** 24, 0]);
    });

    it('is left alone where losses are not scaled', () => {
      expect(guard([0, 0, 1, 0], { loss: Number.NaN }).counts).toEqual([1, 1, 1, 0]);
      expect(guard([0, 0, 1, 1999]).counts).toEqual([0, 0, 1, 1999]);
    });
  });
});

it.each([0, -1, Number.NaN])('refuses a maximum norm of %d', (maximumNorm) => {
  const given = { numbers: tensor1d([1]), norm: scalar(1) as Scalar, counts: initialCounts() };
  expect(() => guardStep({ ...given, maximumNorm })).toThrow(
    `maximumNorm is above 0 (Infinity for no clipping), but ${maximumNorm} came`,
  );
  disposeTree(given);
});
