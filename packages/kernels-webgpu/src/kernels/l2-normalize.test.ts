import { engine, grad, mul, tensor2d, tidy, valueAndGrad, zeros } from '@tensorflow/tfjs-core';
import { l2Normalize } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { onWebGpu } from '../../test/on-webgpu.ts';

const shapes = [
  [1, 1],
  [0, 3],
  [5, 3],
  [97, 255],
  [67, 256],
  [3, 4096],
  [3, 17_001],
] as const;

describe('l2Normalize', () => {
  onWebGpu((expectAsOnCpu) => {
    it.each(shapes)('of %i rows of %i, and its gradient', async (rows, width) => {
      await expectAsOnCpu(`${[rows, width]}`, () => {
        const { value, grad } = valueAndGrad(l2Normalize)(sampleTensor([rows, width]), sampleTensor([rows, width], 2));
        return [value, grad];
      });
    });

    it('leaves rows of more than 131,072 numbers to the composition, and their gradient', () => {
      tidy(() => {
        const [x, length] = [zeros([1, 131_073]), zeros([1, 1])];
        expect(engine().runKernel('VitrailL2Normalize', { x }, { epsilon: 0 })).toEqual([]);
        expect(engine().runKernel('VitrailL2NormalizeGrad', { dy: x, y: x, length }, { epsilon: 0 })).toEqual([]);
      });
    });

    it('of rows shorter than epsilon, zero rows, NaN and infinities', async () => {
      const normalize = (x: Parameters<typeof l2Normalize>[0]) => l2Normalize(x, 0.1);
      await expectAsOnCpu('special', () => {
        const x = tensor2d([NaN, Infinity, -Infinity, 3e38, 0, 0.01, 1].map((first) => [first, 0, 0.02, 0, -0.03]));
        const still = mul(x, 0);
        return [normalize(x), grad(normalize)(x), normalize(still), grad(normalize)(tensor2d([[0, 0, 0]]))];
      });
    });
  });
});
