import { ones, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { swiglu } from './swiglu.ts';

onBackend(['cpu', 'wasm'], () => {
  it('multiplies the value by silu of the gate', () => {
    // silu(-1), silu(0), silu(2) by torch
    tidy(() => expectClose(swiglu(tensor1d([-1, 0, 2]), tensor1d([2, 5, -3])), [-0.53788284, 0, -5.28478247]));
  });

  it('has the gradients of finite differences, for gate and value', () => {
    tidy(() => expectGradient(swiglu, [sampleTensor([2, 3, 5]), sampleTensor([2, 3, 5], 2)]));
  });

  it('leaves nothing behind', () => {
    tidy(() => {
      const [gate, value] = [sampleTensor([3, 2]), sampleTensor([3, 2], 2)];
      expectNoLeak(() => [swiglu(gate, value)]);
    });
  });
});

it('broadcasts nothing', () => {
  tidy(() => {
    expect(() => swiglu(ones([2, 3]), ones([3]))).toThrow('swiglu: value is [2, 3], but [3] came');
  });
});
