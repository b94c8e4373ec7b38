import { add, engine, grads, mul, type Tensor, tensor2d, tidy, valueAndGrads, zeros } from '@tensorflow/tfjs-core';
import { layerNorm } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { onWebGpu } from '../../test/on-webgpu.ts';

const norm = (x: Tensor, scale: Tensor, bias: Tensor) => layerNorm(x, { scale, bias });

/**
 * One invocation to a row, and 256; one number to each invocation, and several; more rows than the workgroups take at once; rows that fill no workgroup.
 * Few layouts, because software devices take seconds to compile each.
 */
const shapes = [
  [1, 1],
  [0, 5],
  [301, 13],
  [17_000, 12],
  [33, 384],
  [3, 1031],
] as const;

describe('layerNorm', () => {
  onWebGpu((expectAsOnCpu) => {
    it.each(shapes)('of %i rows of %i, and its gradients', async (rows, width) => {
      await expectAsOnCpu(`${[rows, width]}`, () => {
        const inputs = [sampleTensor([rows, width]), sampleTensor([width], 2), sampleTensor([width], 3)];
        const { value, grads } = valueAndGrads(norm)(inputs, sampleTensor([rows, width], 4));
        return [value, ...grads];
      });
    });

    // Their numbers would not fit into private memory.
    it('leaves rows of more than 131,072 numbers to the composition, and their gradients', () => {
      tidy(() => {
        const [x, scale, mean] = [zeros([1, 131_073]), zeros([131_073]), zeros([1, 1])];
        expect(engine().runKernel('VitrailLayerNorm', { x, scale, bias: scale }, { epsilon: 0 })).toEqual([]);
        expect(engine().runKernel('VitrailLayerNormGrad', { dy: x, x, scale, mean, inverseDeviation: mean }, {})).toEqual([]);
      });
    });

    it('of rows far from 0, without cancellation', async () => {
      // A unit in the last place of 1000 is 6e-5, and the mean may be off by one.
      await expectAsOnCpu(
        'far',
        () => {
          const inputs = [add(mul(sampleTensor([5, 12]), 0.5), 1000), sampleTensor([12], 2), sampleTensor([12], 3)];
          return [norm(inputs[0], inputs[1], inputs[2])];
        },
        { tolerance: 2e-4 },
      );
    });

    it('of what another layer norm gave, in its storage', async () => {
      await expectAsOnCpu('twice', () => {
        const twice = (x: Tensor, scale: Tensor, bias: Tensor) => norm(norm(x, scale, bias), scale, bias);
        const { value, grads } = valueAndGrads(twice)(
          [sampleTensor([19, 12]), sampleTensor([12], 2), sampleTensor([12], 3)],
          sampleTensor([19, 12], 4),
        );
        return [value, ...grads];
      });
    });

    it('of rows with NaN, infinities and overflow', async () => {
      await expectAsOnCpu('special', () => {
        const rows = [NaN, Infinity, -Infinity, 3e38, 1].map((first) => [first, 1, 2, 3, -4, 0.5, 0.25, 1, 2, 3, -4, 0.5, 0.25]);
        const x = tensor2d(rows);
        const inputs = [x, sampleTensor([13], 2), sampleTensor([13], 3)];
        return [norm(inputs[0], inputs[1], inputs[2]), grads(norm)(inputs)[0]];
      });
    });
  });
});
