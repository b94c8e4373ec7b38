import { scalar, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { disposeTree, flattenTree, type TensorTree } from '@vitrail/core';
import { expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { adafactor, adamw, lamb, unlessNaN } from './index.ts';

const bitsOf = (tree: TensorTree) =>
  Object.entries(flattenTree<Tensor>(tree)).map(([path, leaf]) => [path, ...new Uint32Array(leaf.dataSync().slice().buffer)]);

onBackend(['cpu', 'wasm'], () => {
  it.each([
    [1, 'next'],
    [Number.POSITIVE_INFINITY, 'next'],
    [Number.NaN, 'previous'],
  ] as const)('of a gate of %d gives %s', (value, expected) => {
    const given = { gate: scalar(value), next: tensor1d([1, -0, Number.NaN]), previous: tensor1d([4, 5, 6]) };
    const [chosen] = unlessNaN(given.gate, [given.next], [given.previous]);
    expect(bitsOf({ chosen })[0].slice(1)).toEqual(bitsOf({ it: given[expected] })[0].slice(1));
    expectNoLeak(() => unlessNaN(given.gate, [given.next], [given.previous]));
    disposeTree(given, { chosen });
  });

  describe.each(Object.entries({ adamw, adafactor, lamb }))('%s with a gradientScale that is NaN', (_, make) => {
    it('gives parameters and state as they were, in tensors of their own', () => {
      const optimizer = make({ learningRate: 0.1, weightDecay: 0.1 });
      const params = { kernel: sampleTensor([3, 4], 1), bias: sampleTensor([4], 2) };
      const grads = { kernel: sampleTensor([3, 4], 3), bias: tensor1d([1, Number.NaN, Number.POSITIVE_INFINITY, 2]) };
      const state = optimizer.init(params);
      const scale = scalar(Number.NaN);
      const updated = optimizer.update(grads, state, params, 5, scale);
      expect(bitsOf(updated)).toEqual(bitsOf({ params, state }));
      disposeTree(params, grads, state, { scale });
      expect(Object.values(flattenTree<Tensor>(updated)).some(({ isDisposed }) => isDisposed)).toBe(false);
      disposeTree(updated);
    });
  });
});
