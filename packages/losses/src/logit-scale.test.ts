import { ones, scalar, tidy } from '@tensorflow/tfjs-core';
import { expectClose, expectNoLeak, onBackend } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { clampLogitScale, initLogitScale } from './logit-scale.ts';

onBackend(['cpu', 'wasm'], () => {
  it("starts at CLIP's 2.6592600", () => {
    tidy(() => {
      const start = initLogitScale(0.07);
      expectClose(start, [2.65926], 1e-7);
      expect([start.shape, start.dtype]).toEqual([[], 'float32']);
    });
  });

  it('is kept within its range, both ends included', () => {
    tidy(() => {
      const guard = (value: number, minimum?: number) => clampLogitScale(scalar(value), { minimum, maximum: Math.log(100) });
      expectClose(guard(5), [4.6051702], 1e-7);
      expectClose(guard(2.5), [2.5]);
      expectClose(guard(-0.3), [0]);
      expectClose(guard(-0.3, -1), [-0.3]);
      const held = scalar(9);
      expectNoLeak(() => [clampLogitScale(held, { maximum: 1 })]);
      expectClose(held, [9]);
    });
  });
});

it('refuses temperatures and ranges that cannot be', () => {
  tidy(() => {
    for (const temperature of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => initLogitScale(temperature)).toThrow(`temperature is above 0, but ${temperature} came`);
    }
    expect(() => clampLogitScale(scalar(1), { maximum: -1 })).toThrow('minimum is at most maximum, but 0 and -1 came');
    expect(() => clampLogitScale(scalar(1), { maximum: Number.NaN })).toThrow('but 0 and NaN came');
    expect(() => clampLogitScale(ones([1]) as never, { maximum: 1 })).toThrow('logitScale is [], but [1] came');
  });
});
