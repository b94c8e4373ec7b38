import type { Tensor } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/** Fails unless every number of `actual` is within `tolerance * (1 + |expected|)` of `expected`; NaN equals only NaN. */
export function expectClose(actual: Tensor | ArrayLike<number>, expected: Tensor | ArrayLike<number>, tolerance = 1e-5): void {
  const got = 'dataSync' in actual ? actual.dataSync() : actual;
  const want = 'dataSync' in expected ? expected.dataSync() : expected;
  expect(got.length, 'number of values').toBe(want.length);
  for (let i = 0; i < want.length; i++) {
    const near =
      Object.is(got[i], want[i]) || got[i] === want[i] || Math.abs(got[i] - want[i]) <= tolerance * (1 + Math.abs(want[i]));
    if (!near) expect.fail(`value ${i}: got ${got[i]}, expected ${want[i]} (tolerance ${tolerance})`);
  }
}
