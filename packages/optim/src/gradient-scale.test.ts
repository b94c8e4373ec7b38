import { mul, type Scalar, scalar, type Tensor, tensor1d, tidy, zeros } from '@tensorflow/tfjs-core';
import { disposeTree, flattenTree, mapTree, type TensorTree } from '@vitrail/core';
import { expectClose, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { adafactor, adamw, clipByGlobalNorm, clippingScale, globalNorm, lamb } from './index.ts';

const valuesOf = (tree: TensorTree) => Object.values(flattenTree<Tensor>(tree)).map((leaf) => [...leaf.dataSync()]);

describe.each(Object.entries({ adamw, adafactor, lamb }))('the gradientScale of %s', (name, make) => {
  onBackend(['cpu', 'wasm'], () => {
    it.each([0.1, 30])('of %d does what gradients so multiplied do', (factor) => {
      const optimizer = make({ learningRate: 0.1, weightDecay: 0.1 });
      const params = { kernel: sampleTensor([3, 4], 1), bias: sampleTensor([4], 2) };
      const grads = { kernel: sampleTensor([3, 4], 3), bias: sampleTensor([4], 4) };
      const state = optimizer.init(params);
      const scale = scalar(factor);
      const multiplied = mapTree(grads, (grad) => mul(grad, scale));
      const expected = optimizer.update(multiplied, state, params, 0);
      const updated = optimizer.update(grads, state, params, 0, scale);
      valuesOf(updated).forEach((values, i) => {
        expectClose(values, valuesOf(expected)[i], 1e-6);
      });
      // It leaves nothing behind, and the gradients as they are.
      expectNoLeak(() => Object.values(flattenTree<Tensor>(optimizer.update(grads, state, params, 0, scale))));
      tidy(() => expectClose(grads.bias, sampleTensor([4], 4), 0));
      disposeTree(params, grads, state, { scale }, multiplied, expected, updated);
    });
  });

  it('is a float32 scalar', () => {
    const optimizer = make({ learningRate: 0.1 });
    const params = { a: zeros([2]) };
    const state = optimizer.init(params);
    const update = (scale: Tensor) => () => optimizer.update(params, state, params, 0, scale as Scalar);
    const [vector, integer] = [tensor1d([1]), scalar(1, 'int32')];
    expect(update(vector)).toThrow(`${name}: in the arguments, "gradientScale" has the shape [], but [1] came`);
    expect(update(integer)).toThrow('tensors are float32, but "gradientScale" is int32');
    disposeTree(params, state, { vector, integer });
  });
});

onBackend(['cpu', 'wasm'], () => {
  it('of clippingScale clips as clipByGlobalNorm', () => {
    const grads = { a: sampleTensor([5, 7], 1), b: sampleTensor([3], 2) };
    const clipped = clipByGlobalNorm(grads, 0.5);
    const norm = globalNorm(grads);
    const scale = clippingScale(norm, 0.5);
    expectClose(norm, clipped.norm, 0);
    tidy(() => expectClose(clipped.grads.a, mul(grads.a, scale), 0));
    disposeTree(grads, clipped, { norm, scale });
  });

  it('of clippingScale is 1 up to the maximum, at a norm of 0 too', () => {
    const scales = [0, 3, 5, 20].map((norm) => [scalar(norm)].flatMap((tensor) => [tensor, clippingScale(tensor, 5)]));
    expectClose(
      scales.map(([, scale]) => scale.dataSync()[0]),
      [1, 1, 1, 0.25],
      0,
    );
    for (const tensor of scales.flat()) tensor.dispose();
  });
});

it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses a maximum of %d', (maximum) => {
  const norm = scalar(1);
  expect(() => clippingScale(norm, maximum)).toThrow(`clippingScale: maximumNorm is a number above 0, but ${maximum} came`);
  norm.dispose();
});
