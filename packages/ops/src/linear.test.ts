import { ones, scalar, tensor1d, tensor2d, tidy, zeros } from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { activate } from './activation.ts';
import { linear, residualLinear } from './linear.ts';

onBackend(['cpu', 'wasm'], () => {
  it('multiplies by the kernel, inputs by outputs, and adds the bias', () => {
    tidy(() => {
      const kernel = tensor2d([
        [1, 10, 100],
        [2, 20, 200],
      ]);
      const x = tensor2d([
        [1, 1],
        [0, 3],
      ]);
      expectClose(linear(x, { kernel }), [3, 30, 300, 6, 60, 600]);
      expectClose(linear(x, { kernel, bias: tensor1d([1, -1, 0]) }, 'relu'), [4, 29, 300, 7, 59, 600]);
    });
  });

  it('keeps the leading axes, whatever their number', () => {
    tidy(() => {
      const params = { kernel: sampleTensor([3, 5]), bias: zeros([5]) };
      for (const shape of [[3], [1, 3], [2, 7, 3], [2, 1, 2, 3], [0, 3], [0, 4, 3]]) {
        expect(linear(sampleTensor(shape), params).shape).toEqual([...shape.slice(0, -1), 5]);
      }
    });
  });

  it.each([undefined, 'gelu', 'gelu-tanh', 'quick-gelu', 'silu'] as const)('differentiates with activation %s', (activation) => {
    tidy(() => {
      // Narrowing and widening: the gradient of the kernel is computed either way round.
      for (const outputs of [2, 7]) {
        const inputs = [sampleTensor([2, 3, 5]), sampleTensor([5, outputs], 2), sampleTensor([outputs], 3)];
        expectGradient((x, kernel, bias) => linear(x, { kernel, bias }, activation), inputs);
        expectGradient((x, kernel) => linear(x, { kernel }, activation), inputs.slice(0, 2));
      }
    });
  });

  it('gives what the activation of the sum gives', () => {
    tidy(() => {
      const [x, kernel, bias] = [sampleTensor([4, 3]), sampleTensor([3, 2], 2), sampleTensor([2], 3)];
      expectClose(linear(x, { kernel, bias }, 'gelu-tanh'), activate(linear(x, { kernel, bias }), 'gelu-tanh'));
    });
  });

  it('adds a residual, and passes its gradient on', () => {
    tidy(() => {
      const x = tensor2d([[1, 2]]);
      expectClose(residualLinear(x, { kernel: tensor2d([[1], [10]]), bias: tensor1d([100]) }, tensor2d([[1000]])), [1121]);
      const inputs = [sampleTensor([2, 3, 5]), sampleTensor([5, 4], 2), sampleTensor([4], 3), sampleTensor([2, 3, 4], 4)];
      expectGradient((x, kernel, bias, residual) => residualLinear(x, { kernel, bias }, residual), inputs);
      expectGradient((x, kernel, residual) => residualLinear(x, { kernel }, residual), [inputs[0], inputs[1], inputs[3]]);
      expect(() => residualLinear(x, { kernel: ones([2, 3]) }, ones([1, 2]))).toThrow('residual');
    });
  });

  it('leaves nothing behind', () => {
    tidy(() => {
      const [x, kernel, bias] = [sampleTensor([4, 3]), sampleTensor([3, 2], 2), sampleTensor([2], 3)];
      expectNoLeak(() => [linear(x, { kernel, bias }, 'gelu')]);
    });
  });
});

it('says which shape does not fit', () => {
  tidy(() => {
    expect(() => linear(ones([2, 3]), { kernel: ones([4, 5]) })).toThrow('linear: kernel is [3, O], but [4, 5] came');
    expect(() => linear(ones([2, 3]), { kernel: ones([3]) })).toThrow('linear: kernel is [3, O], but [3] came');
    expect(() => linear(ones([2, 3]), { kernel: ones([3, 5]), bias: ones([3]) })).toThrow('linear: bias is [5], but [3] came');
    expect(() => linear(scalar(1), { kernel: ones([1, 1]) })).toThrow('at least one axis');
  });
});
