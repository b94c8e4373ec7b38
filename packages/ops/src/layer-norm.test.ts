import { ones, scalar, tensor1d, tensor2d, tidy, zeros } from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { layerNorm } from './layer-norm.ts';

onBackend(['cpu', 'wasm'], () => {
  it('agrees with torch', () => {
    tidy(() => {
      // torch.nn.functional.layer_norm in float64, eps 1e-6
      const y = layerNorm(tensor2d([[1, 2, 4, 9]]), { scale: tensor1d([1, 2, 0.5, -1]), bias: tensor1d([0, 0.1, 0.2, 0.3]) });
      expectClose(y, [-0.97332848, -1.1977713, 0.2, -1.32221413]);
    });
  });

  it('gives every vector mean 0 and deviation 1, however many axes lead and however large the numbers', () => {
    tidy(() => {
      const params = { scale: ones([3]), bias: zeros([3]) };
      for (const shape of [[3], [1, 3], [2, 5, 3], [2, 2, 2, 3]]) {
        const y = layerNorm(sampleTensor(shape), params, 1e-12);
        expect(y.shape).toEqual(shape);
        const values = y.dataSync();
        for (let row = 0; row < values.length; row += 3) {
          const [a, b, c] = values.subarray(row, row + 3);
          expect(a + b + c).toBeCloseTo(0, 4);
          expect((a * a + b * b + c * c) / 3).toBeCloseTo(1, 3);
        }
      }
      expectClose(layerNorm(tensor1d([1000, 1001, 1002]), params), [-1.2247, 0, 1.2247], 1e-3);
    });
  });

  it('gives the bias for a constant vector, where the variance is 0', () => {
    tidy(() => {
      expectClose(layerNorm(tensor2d([[3, 3]]), { scale: ones([2]), bias: tensor1d([0.5, -1]) }), [0.5, -1]);
    });
  });

  it('has the gradients of finite differences, for input, scale and bias', () => {
    tidy(() => {
      const inputs = [sampleTensor([2, 3, 5]), sampleTensor([5], 2), sampleTensor([5], 3)];
      expectGradient((x, scale, bias) => layerNorm(x, { scale, bias }, 0.1), inputs);
    });
  });

  it('takes an empty batch and leaves nothing behind', () => {
    tidy(() => {
      const params = { scale: ones([5]), bias: zeros([5]) };
      expect(layerNorm(zeros([0, 5]), params).shape).toEqual([0, 5]);
      const x = sampleTensor([2, 5]);
      expectNoLeak(() => [layerNorm(x, params)]);
    });
  });
});

it('says which shape does not fit', () => {
  tidy(() => {
    const params = { scale: ones([5]), bias: zeros([5]) };
    expect(() => layerNorm(ones([2, 4]), params)).toThrow('layerNorm: scale is [4], but [5] came');
    expect(() => layerNorm(ones([2, 5]), { ...params, bias: zeros([1]) })).toThrow('layerNorm: bias is [5], but [1] came');
    expect(() => layerNorm(scalar(1), params)).toThrow('at least one axis');
  });
});
