import { type Tensor, valueAndGrad } from '@tensorflow/tfjs-core';
import { gelu } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import { describe, it } from 'vitest';
import { onWebGpu } from '../../test/on-webgpu.ts';

describe('gelu', () => {
  onWebGpu((expectAsOnCpu) => {
    for (const approximate of ['none', 'tanh'] as const) {
      it.each([[[1]], [[7, 13]], [[301, 96]], [[0, 5]]])(`of %j, ${approximate}, and its gradient`, async (shape) => {
        await expectAsOnCpu(`${approximate} ${shape}`, () => {
          const { value, grad } = valueAndGrad((x: Tensor) => gelu(x, { approximate }))(
            sampleTensor(shape),
            sampleTensor(shape, 2),
          );
          return [value, grad];
        });
      });
    }
  });
});
