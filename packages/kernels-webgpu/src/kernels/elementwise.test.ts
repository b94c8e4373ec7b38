import { add, addN, engine, mul, scalar, sub, type Tensor, tidy, valueAndGrads } from '@tensorflow/tfjs-core';
import { linear, swiglu } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { countLaunches } from '../../test/count-launches.ts';
import { onWebGpu } from '../../test/on-webgpu.ts';

type Binary = (a: Tensor, b: Tensor) => Tensor;
const operators = { add, sub, mul } as Record<string, Binary>;

/** What a layer gives: stored as halves where the precision says so. */
function activations(shape: readonly number[], seed = 1): Tensor {
  const width = shape[shape.length - 1];
  return linear(sampleTensor([...shape.slice(0, -1), 3], seed), { kernel: sampleTensor([3, width], seed + 1) });
}

describe('add, sub and mul', () => {
  onWebGpu((expectAsOnCpu) => {
    it.each(Object.keys(operators))('%s of activations with each other, with float32, and with a single number', async (name) => {
      const f = operators[name];
      for (const shape of [
        [1, 1],
        [7, 5],
        [2, 3, 8],
        [0, 4],
        [300, 301],
      ]) {
        await expectAsOnCpu(`${name} ${shape}`, () => {
          const [a, b, other] = [activations(shape), activations(shape, 3), sampleTensor(shape, 5)];
          const single = sampleTensor([1], 6);
          return [f(a, b), f(a, other), f(other, a), f(a, single), f(scalar(0.7), a), f(activations([1, 1]), b)];
        });
      }
      await expectAsOnCpu(`${name} broadcast`, () => [
        f(activations([4, 6]), activations([1, 6], 3)),
        f(activations([4, 6]), scalar(2, 'int32')),
      ]);
    });

    it('addN of two to twenty tensors, some of them activations', async () => {
      for (const count of [2, 7, 8, 20]) {
        await expectAsOnCpu(`addN ${count}`, () =>
          [
            [5, 3],
            [8, 4],
          ].map((shape) =>
            addN(Array.from({ length: count }, (_, i) => (i % 3 === 0 ? activations(shape, i) : sampleTensor(shape, i)))),
          ),
        );
      }
    });
  });
});

describe('sums of halves', () => {
  onWebGpu((_, precision) => {
    it('stay halves: tfjs launches nothing to widen them', () => {
      tidy(() => {
        const [a, b, half] = [activations([4, 8]), activations([4, 8], 3), scalar(0.5)];
        const sums: Tensor[] = [];
        expect(countLaunches(() => sums.push(mul(add(a, b), half)))).toBe(2);
        expect(countLaunches(() => sums.push(addN([a, b, sums[0]])))).toBe(1);
        if (precision === 'f16') expect(sums.map(bytesOf)).toEqual([2 * 4 * 8, 2 * 4 * 8]);
      });
    });
  });
});

function bytesOf({ dataId }: Tensor): number {
  const { tensorMap } = engine().backend as unknown as { tensorMap: { get(id: object): { resource: GPUBuffer } } };
  return tensorMap.get(dataId).resource.size;
}

describe('swiglu', () => {
  onWebGpu((expectAsOnCpu) => {
    it.each([[[1]], [[7, 13]], [[301, 96]], [[0, 5]]])('of %j and its gradients', async (shape) => {
      await expectAsOnCpu(`${shape}`, () => {
        const values = [sampleTensor(shape), sampleTensor(shape, 2)];
        const { value, grads } = valueAndGrads((gate: Tensor, value: Tensor) => swiglu(mul(gate, scalar(6)), value))(
          values,
          sampleTensor(shape, 3),
        );
        return [value, ...grads];
      });
    });
  });
});
