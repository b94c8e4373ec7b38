import { type Tensor, tensor1d, tensor2d, valueAndGrads } from '@tensorflow/tfjs-core';
import { type Activation, linear, residualLinear } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { countLaunches } from '../../test/count-launches.ts';
import { onWebGpu } from '../../test/on-webgpu.ts';

const activations: readonly (Activation | undefined)[] = [undefined, 'gelu', 'gelu-tanh', 'quick-gelu', 'relu', 'silu'];
const shapes: readonly (readonly [number, number, number])[] = [
  [65, 64, 96],
  [1, 1, 1],
  [5, 3, 7],
  [6, 8, 8],
  [0, 3, 4],
  [97, 31, 1],
];
// A driver in software takes a second to compile a product for halves, so those get fewer.
const halfShapes = shapes.slice(0, 2);

function inputsOf(rows: number, inputs: number, outputs: number): Tensor[] {
  return [sampleTensor([rows, inputs]), sampleTensor([inputs, outputs], 2), sampleTensor([outputs], 3)];
}

describe('linear', () => {
  onWebGpu((expectAsOnCpu, precision) => {
    const half = precision === 'f16';

    it.each(half ? halfShapes : shapes)(
      'of %i rows, %i inputs and %i outputs, with activations, and its gradients',
      async (rows, inputs, outputs) => {
        // Every activation in vectors of four and alone; the other shapes with one.
        const few = half || !halfShapes.some((shape) => shape.join() === `${[rows, inputs, outputs]}`);
        for (const activation of few ? activations.slice(0, 2) : activations) {
          const layer = (x: Tensor, kernel: Tensor, bias: Tensor) => linear(x, { kernel, bias }, activation);
          await expectAsOnCpu(`${activation} ${[rows, inputs, outputs]}`, () => {
            const { value, grads } = valueAndGrads(layer)(inputsOf(rows, inputs, outputs), sampleTensor([rows, outputs]));
            return [value, ...grads];
          });
        }
      },
    );

    it.each(half ? halfShapes : shapes)(
      'of %i rows, %i inputs and %i outputs, added to a residual',
      async (rows, inputs, outputs) => {
        const layer = (x: Tensor, kernel: Tensor, bias: Tensor, residual: Tensor) =>
          residualLinear(x, { kernel, bias }, residual);
        await expectAsOnCpu(`residual ${[rows, inputs, outputs]}`, () => {
          const values = [...inputsOf(rows, inputs, outputs), sampleTensor([rows, outputs], 4)];
          const { value, grads } = valueAndGrads(layer)(values, sampleTensor([rows, outputs], 5));
          return [value, ...grads];
        });
      },
    );

    it('without a bias, after another layer, whose results it gets as they are stored', async () => {
      await expectAsOnCpu('two layers', () => {
        const layers = (x: Tensor, first: Tensor, second: Tensor) =>
          linear(linear(x, { kernel: first }, 'gelu'), { kernel: second });
        const values = [sampleTensor([10, 8]), sampleTensor([8, 12], 2), sampleTensor([12, 4], 3)];
        const { value, grads } = valueAndGrads(layers)(values, sampleTensor([10, 4], 4));
        return [value, ...grads];
      });
    });

    it('sums the gradient of the kernel over many rows', async () => {
      await expectAsOnCpu(
        'many rows',
        () => {
          const layer = (x: Tensor, kernel: Tensor, bias: Tensor) => linear(x, { kernel, bias }, 'gelu');
          const { grads } = valueAndGrads(layer)(inputsOf(4500, 8, 12), sampleTensor([4500, 12], 4));
          return grads;
        },
        // Of the order of the rounding of sums of 4500 terms.
        { tolerance: 1e-4 },
      );
    });

    it('carries NaN and infinities to the rows they belong to', async () => {
      for (const activation of half ? [] : ([undefined, 'relu'] as const)) {
        await expectAsOnCpu(`special ${activation}`, () => {
          const layer = (x: Tensor, kernel: Tensor, bias: Tensor) => linear(x, { kernel, bias }, activation);
          const x = tensor2d([1, Number.NaN, 2, 3, Number.POSITIVE_INFINITY, 1, -1, 2], [4, 2]);
          const { value, grads } = valueAndGrads(layer)([x, sampleTensor([2, 3]), tensor1d([0, 1, 2])]);
          return [value, ...grads];
        });
      }
    });

    it('is one launch, and its gradient two, with bias, activation and residual', async () => {
      const [x, kernel, bias] = inputsOf(40, 16, 24);
      const residual = sampleTensor([40, 24], 4);
      const dy = sampleTensor([40, 24], 5);
      const made: Tensor[] = [];
      const count = (f: () => Tensor[]) => countLaunches(() => made.push(...f()));
      const activated = (...[x, kernel, bias]: Tensor[]) => linear(x, { kernel, bias }, 'gelu');
      expect(count(() => [activated(x, kernel, bias)])).toBe(1);
      expect(count(() => [residualLinear(x, { kernel, bias }, residual)])).toBe(1);
      const both = count(() => {
        const { value, grads } = valueAndGrads(activated)([x, kernel, bias], dy);
        return [value, ...grads];
      });
      expect(both).toBe(3);
      for (const tensor of [x, kernel, bias, residual, dy, ...made]) tensor.dispose();
    });
  });
});
