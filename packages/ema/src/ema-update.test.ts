import { memory, type Tensor, tensor1d, tidy, zeros } from '@tensorflow/tfjs-core';
import { flattenTree, type TensorTree } from '@vitrail/core';
import { expectClose, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { emaUpdate } from './ema-update.ts';

const leavesOf = (tree: TensorTree) => Object.values(flattenTree<Tensor>(tree));

onBackend(['cpu', 'wasm'], () => {
  it('mixes every leaf, m a + (1 - m) c', () => {
    tidy(() => {
      const average = { mlp: { kernel: tensor1d([1, -2]) }, bias: tensor1d([0]) };
      const current = { mlp: { kernel: tensor1d([3, 2]) }, bias: tensor1d([-8]) };
      const next = emaUpdate(average, current, 0.75);
      expectClose(next.mlp.kernel, [1.5, -1]);
      expectClose(next.bias, [-2]);
      expectClose(average.mlp.kernel, [1, -2], 0);
      expectClose(current.mlp.kernel, [3, 2], 0);
    });
  });

  it('comes as near to a constant as m^n', () => {
    tidy(() => {
      let average = { w: tensor1d([1, 5]) };
      const current = { w: tensor1d([2, -3]) };
      for (let step = 0; step < 20; step++) average = emaUpdate(average, current, 0.9);
      expectClose(average.w, [2 - 0.9 ** 20, -3 + 8 * 0.9 ** 20]);
    });
  });

  it('keeps the average at momentum 1 and takes over the current values at 0, to the bit', () => {
    tidy(() => {
      const [average, current] = [{ w: sampleTensor([50], 1) }, { w: sampleTensor([50], 2) }];
      expectClose(emaUpdate(average, current, 1).w, average.w, 0);
      expectClose(emaUpdate(average, current, 0).w, current.w, 0);
    });
  });

  it('leaves nothing behind but the new tree, in tensors of its own', () => {
    tidy(() => {
      const [average, current] = [
        { a: { w: zeros([3]) }, b: zeros([2, 2]) },
        { a: { w: zeros([3]) }, b: zeros([2, 2]) },
      ];
      expectNoLeak(() => leavesOf(emaUpdate(average, current, 0.5)));
      expectNoLeak(() => leavesOf(emaUpdate(average, current, 1)));
    });
  });
});

it('refuses trees that do not fit, before it makes a tensor', () => {
  tidy(() => {
    const average = { a: zeros([3]), b: zeros([3]) };
    const before = memory().numTensors;
    const shapes = { a: average.a, b: zeros([1]) };
    expect(() => emaUpdate(average, shapes, 0.5)).toThrow(
      expect.objectContaining({
        code: 'shape-mismatch',
        message: 'emaUpdate: "b" has the same shape in both trees, but the average\'s is [3] and the current one\'s [1]',
      }),
    );
    expect(() => emaUpdate(average, { a: average.a }, 0.5)).toThrow('Missing: b');
    expect(memory().numTensors).toBe(before + 1);
  });
});

it('refuses a momentum with which an average runs away', () => {
  for (const momentum of [-0.1, 1.001, Number.NaN]) {
    expect(() => emaUpdate({}, {}, momentum)).toThrow(`emaUpdate: momentum is a number from 0 to 1, but ${momentum} came`);
  }
});
