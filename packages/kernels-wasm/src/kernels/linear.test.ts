import { type Tensor, valueAndGrads } from '@tensorflow/tfjs-core';
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
