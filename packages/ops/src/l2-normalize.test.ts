import { scalar, tensor1d, tensor2d, tidy, zeros } from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { l2Normalize } from './l2-normalize.ts';

onBackend(['cpu', 'wasm'], () => {
  it('divides each vector by its length', () => {
    tidy(() => {
      const x = tensor2d([
        [3, 4],
        [0, -2],
      ]);
      expectClose(l2Normalize(x), [0.6, 0.8, 0, -1]);
      expect(l2Normalize(sampleTensor([2, 3, 5])).shape).toEqual([2, 3, 5]);
    });
  });

  it('leaves a zero vector zero, and divides short ones by epsilon', () => {
    tidy(() => {
      expectClose(l2Normalize(zeros([3])), [0, 0, 0]);
      expectClose(l2Normalize(tensor1d([0.3, 0.4]), 2), [0.15, 0.2]);
    });
  });

  it('has the gradients of finite differences, above and below epsilon', () => {
    tidy(() => {
      expectGradient((x) => l2Normalize(x), [sampleTensor([2, 3, 5])]);
      expectGradient((x) => l2Normalize(x, 100), [sampleTensor([2, 3])]);
    });
  });

  it('takes an empty batch and leaves nothing behind', () => {
    tidy(() => {
      expect(l2Normalize(zeros([0, 5])).shape).toEqual([0, 5]);
      const x = sampleTensor([2, 5]);
      expectNoLeak(() => [l2Normalize(x)]);
    });
  });
});

it('needs an axis', () => {
  tidy(() => {
    expect(() => l2Normalize(scalar(1))).toThrow('l2Normalize: x has at least one axis');
  });
});
