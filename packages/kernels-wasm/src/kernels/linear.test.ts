import { type Tensor, tensor1d, tensor2d, valueAndGrads, zeros } from '@tensorflow/tfjs-core';
import { type Activation, linear, residualLinear } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import { describe, it } from 'vitest';
import { onThreads } from '../../test/on-threads.ts';

const activations: readonly (Activation | undefined)[] = [undefined, 'gelu', 'gelu-tanh', 'quick-gelu', 'relu', 'silu'];
const shapes = [
  [1, 1, 1],
  [5, 3, 7],
  [6, 8, 8],
  [0, 3, 4],
  [49, 257, 260],
  [97, 31, 1],
  // So many rows that the gradient of the kernel is a deep product, divided by the number of threads.
  [1031, 100, 53],
  [519, 20, 210],
  [0, 600, 4],
  [0, 4, 600],
] as const;

describe('linear', () => {
  onThreads((expectAsOnCpu) => {
    it.each(shapes)(
      'of %i rows, %i inputs and %i outputs, with every activation, and its gradients',
      async (rows, inputs, outputs) => {
        for (const activation of activations) {
          const layer = (x: Tensor, kernel: Tensor, bias: Tensor) => linear(x, { kernel, bias }, activation);
          await expectAsOnCpu(`${activation} ${[rows, inputs, outputs]}`, () => {
            const values = [sampleTensor([rows, inputs]), sampleTensor([inputs, outputs]), sampleTensor([outputs])];
            const { value, grads } = valueAndGrads(layer)(values, sampleTensor([rows, outputs]));
            return [value, ...grads];
          });
        }
      },
    );

    it('carries NaN, infinities and large values through every activation and its gradient', async () => {
      const values = [
        0,
        -0,
        NaN,
        Infinity,
        -Infinity,
        1e-39,
        -1e-39,
        3e38,
        -3e38,
        12,
        -12,
        30,
        -30,
        89,
        -89,
        150,
        -150,
        5,
        -5,
        1,
      ];
      for (const activation of activations) {
        const layer = (x: Tensor, bias: Tensor) => linear(x, { kernel: tensor2d([[1]]), bias }, activation);
        const wide = (bias: Tensor) => linear(zeros([3, 1]), { kernel: zeros([1, values.length]), bias }, activation);
        await expectAsOnCpu(`${activation}`, () => {
          const narrow = valueAndGrads(layer)([tensor2d(values, [values.length, 1]), tensor1d([0])]);
          const { value, grads } = valueAndGrads(wide)([tensor1d(values)]);
          return [narrow.value, narrow.grads[0], value, ...grads];
        });
      }
    });

    it.each(shapes)('of %i rows, %i inputs and %i outputs, added to a residual', async (rows, inputs, outputs) => {
      const layer = (x: Tensor, kernel: Tensor, bias: Tensor, residual: Tensor) => residualLinear(x, { kernel, bias }, residual);
      await expectAsOnCpu(`residual ${[rows, inputs, outputs]}`, () => {
        const shapes = [[rows, inputs], [inputs, outputs], [outputs], [rows, outputs]];
        const values = shapes.map((shape, seed) => sampleTensor(shape, seed));
        const { value, grads } = valueAndGrads(layer)(values, sampleTensor([rows, outputs], 5));
        return [value, ...grads];
      });
    });
  });
});
