import { neg, ones, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { expectNoLeak, expectNoLeakAsync } from './leaks.ts';

it('accepts what gives back all that it made, and disposes it', async () => {
  let made: Tensor | undefined;
  const make = () => {
    made = tidy(() => neg(ones([2])));
    return [made, made];
  };
  expectNoLeak(make);
  expect(made?.isDisposed).toBe(true);
  await expectNoLeakAsync(async () => make());
});

it('catches a tensor that is left behind, and one that was there before and is gone', async () => {
  const message = /^tensors alive after the call, against those returned/;
  const left: Tensor[] = [];
  const leave = () => {
    left.push(ones([2]));
    return [];
  };
  expect(() => expectNoLeak(leave)).toThrow(message);
  await expect(expectNoLeakAsync(async () => leave())).rejects.toThrow(message);
  const dispose = () => {
    left.pop()?.dispose();
    return [];
  };
  expect(() => expectNoLeak(dispose)).toThrow(message);
  await expect(expectNoLeakAsync(async () => dispose())).rejects.toThrow(message);
});
