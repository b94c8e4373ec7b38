import { fill, memory, ones, scalar, type Tensor, tensor1d, tensor2d, tidy, zeros } from '@tensorflow/tfjs-core';
import { disposeTree, flattenTree } from '@vitrail/core';
import { expectClose, onBackend } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { clipByGlobalNorm } from './clip-by-global-norm.ts';

onBackend(['cpu', 'wasm'], () => {
  it('scales all tensors alike to the maximum, and says the norm before', () => {
    // Squares 4 + 1 + 4 + 16 of tensors of three ranks: norm 5.
    const grads = { a: { b: tensor2d([[2, 0], [0, 1]]), c: tensor1d([-2]) }, d: scalar(4) }; // biome-ignore format: a matrix
    const { grads: clipped, norm } = clipByGlobalNorm(grads, 0.5);
    expect(norm.shape).toEqual([]);
    expectClose(norm, [5]);
    expectClose(clipped.a.b, [0.2, 0, 0, 0.1]);
    expectClose(clipped.a.c, [-0.2]);
    expectClose(clipped.d, [0.4]);
    disposeTree(grads, clipped, { norm });
  });

  it.each([5, 6, Number.POSITIVE_INFINITY])(
    'leaves gradients of norm 5 as they are at a maximum of %d, in new tensors',
    (maximum) => {
      const grads = { a: tensor1d([3, -4]), b: zeros([0, 3]) };
      const before = memory().numTensors;
      const { grads: clipped, norm } = clipByGlobalNorm(grads, maximum);
      expect(memory().numTensors - before).toBe(3);
      disposeTree(grads);
      expectClose(clipped.a, [3, -4], 0);
      expectClose(norm, [5]);
      expect(clipped.b.shape).toEqual([0, 3]);
      disposeTree(clipped, { norm });
    },
  );

  it('leaves zeros zero, and a tree without tensors without', () => {
    const grads = { a: zeros([2, 2]) };
    const zero = clipByGlobalNorm(grads, 1);
    const none = clipByGlobalNorm({}, 1);
    expectClose(zero.grads.a, [0, 0, 0, 0], 0);
    expectClose(zero.norm, [0], 0);
    expectClose(none.norm, [0], 0);
    disposeTree(grads, zero, none);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('has a norm that tells of a gradient of %d', (value) => {
    const grads = { a: tensor1d([1, value]), b: ones([3]) };
    const { grads: clipped, norm } = clipByGlobalNorm(grads, 1);
    expect(Number.isFinite(norm.dataSync()[0])).toBe(false);
    disposeTree(grads, clipped, { norm });
  });
});

onBackend(['wasm'], () => {
  it('adds up more numbers than one float32 sum can hold', () => {
    // 2^24 + 2^22 ones: a single accumulator stands still at 2^24. (The cpu backend sums in float64.)
    const grads = { table: fill([5 * 2 ** 12, 2 ** 10], 1) };
    const { grads: clipped, norm } = clipByGlobalNorm(grads, Number.POSITIVE_INFINITY);
    expectClose(norm, [Math.sqrt(5 * 2 ** 22)], 1e-6);
    disposeTree(grads, clipped, { norm });
  });
});

it('keeps the paths and their order', () => {
  tidy(() => {
    const grads = { z: ones([1]), a: { 10: ones([1]), 2: ones([1]) } };
    expect(Object.keys(flattenTree<Tensor>(clipByGlobalNorm(grads, 1).grads))).toEqual(['z', 'a.2', 'a.10']);
  });
});

it.each([0, -1, Number.NaN])('refuses a maximum of %d', (maximum) => {
  expect(() => clipByGlobalNorm({}, maximum)).toThrow(/maximumNorm is above 0 \(Infinity for no clipping\), but (0|-1|NaN) came/);
});
