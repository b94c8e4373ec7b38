import { add, grads, mul, type Tensor, tensor2d, valueAndGrads } from '@tensorflow/tfjs-core';
import { layerNorm } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import { describe, it } from 'vitest';
import { onThreads } from '../../test/on-threads.ts';

const norm = (x: Tensor, scale: Tensor, bias: Tensor) => layerNorm(x, { scale, bias });
const shapes = [
  [1, 1],
  [3, 2],
  [0, 5],
  [7, 13],
  [301, 96],
  [23, 1031],
  [2, 20_001],
] as const;

describe('layerNorm', () => {
  onThreads((expectAsOnCpu) => {
    it.each(shapes)('of %i rows of %i, and its gradients', async (rows, width) => {
      await expectAsOnCpu(`${[rows, width]}`, () => {
        const inputs = [sampleTensor([rows, width]), sampleTensor([width], 2), sampleTensor([width], 3)];
        const { value, grads } = valueAndGrads(norm)(inputs, sampleTensor([rows, width], 4));
        return [value, ...grads];
      });
    });

    it('of rows far from 0, without cancellation', async () => {
      await expectAsOnCpu(
        'far',
        () => {
          const inputs = [add(mul(sampleTensor([5, 64]), 0.5), 1000), sampleTensor([64], 2), sampleTensor([64], 3)];
          return [norm(inputs[0], inputs[1], inputs[2])];
        },
        { tolerance: 1e-4 },
      );
    });

    it('of rows with NaN, infinities and overflow', async () => {
      await expectAsOnCpu('special', () => {
        const rows = [NaN, Infinity, -Infinity, 3e38, 1].map((first) => [first, 1, 2, 3, -4, 0.5, 0.25]);
        const x = tensor2d(rows);
        const inputs = [x, sampleTensor([7], 2), sampleTensor([7], 3)];
        return [norm(inputs[0], inputs[1], inputs[2]), grads(norm)(inputs)[0]];
      });
    });
  });
});
