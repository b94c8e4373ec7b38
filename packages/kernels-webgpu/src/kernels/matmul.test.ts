import {
  broadcast_util,
  broadcastTo,
  fused,
  getBackend,
  grads,
  matMul,
  square,
  type Tensor,
  tensor,
} from '@tensorflow/tfjs-core';
import { linear } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { countLaunches } from '../../test/count-launches.ts';
import { onWebGpu } from '../../test/on-webgpu.ts';

const sizes: readonly (readonly [number, number, number])[] = [
  [5, 7, 3],
  [1, 1, 1],
  [1, 257, 37],
  [37, 257, 1],
  [64, 97, 65],
  [3, 0, 4],
  [0, 3, 4],
];

const batches: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[], []],
  [[3], [3]],
  [[3], [1]],
  [[1], [3]],
  [[3], []],
  [[], [3]],
  [
    [2, 3],
    [2, 3],
  ],
  [
    [2, 1],
    [1, 3],
  ],
  [
    [2, 3],
    [2, 1],
  ],
  [
    [2, 1, 2],
    [3, 1],
  ],
  [[0], [0]],
];

const transpositions = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

function factors(rows: number, depth: number, columns: number, transposeA: boolean, transposeB: boolean): [number[], number[]] {
  return [transposeA ? [depth, rows] : [rows, depth], transposeB ? [columns, depth] : [depth, columns]];
}

describe('matMul', () => {
  onWebGpu((expectAsOnCpu, precision) => {
    const half = precision === 'f16';

    it.each(half ? sizes.slice(0, 1) : sizes)(
      'of %i x %i and as much x %i, every transposition and broadcast',
      async (rows, depth, columns) => {
        for (const [transposeA, transposeB] of transpositions) {
          const [a, b] = factors(rows, depth, columns, transposeA, transposeB);
          await expectAsOnCpu(`${[rows, depth, columns, transposeA, transposeB]}`, () =>
            (depth === 7 ? batches : batches.slice(0, 5)).map(([aBatch, bBatch]) => {
              const x = sampleTensor([...aBatch, ...a]);
              const y = sampleTensor([...bBatch, ...b], 2);
              // The cpu backend takes the wrong matrices where both are broadcast.
              if (getBackend() === 'webgpu') return matMul(x, y, transposeA, transposeB);
              const batch = broadcast_util.assertAndGetBroadcastShape([...aBatch], [...bBatch]);
              return matMul(broadcastTo(x, [...batch, ...a]), broadcastTo(y, [...batch, ...b]), transposeA, transposeB);
            }),
          );
        }
      },
    );

    it('has the gradients of tfjs, of what a layer gives', async () => {
      await expectAsOnCpu(`gradients ${precision}`, () =>
        transpositions.slice(half ? 3 : 0).flatMap(([transposeA, transposeB]) => {
          const [[aRows, aColumns], [bRows, bColumns]] = factors(5, 7, 3, transposeA, transposeB);
          const f = (x: Tensor, y: Tensor, left: Tensor, right: Tensor) =>
            square(matMul(linear(x, { kernel: left }), linear(y, { kernel: right }), transposeA, transposeB));
          const shapes = [
            [2, aRows, 6],
            [2, bRows, 6],
            [6, aColumns],
            [6, bColumns],
          ];
          return grads(f)(shapes.map((shape, index) => sampleTensor(shape, index)));
        }),
      );
    });

    it('keeps infinities and NaN to the rows and columns they belong to', async () => {
      await expectAsOnCpu('special', () => {
        const place = (value: number) =>
          tensor(
            Array.from({ length: 63 }, (_, index) => (index % 17 === 3 ? value : index)),
            [7, 9],
          );
        return [Number.NaN, Number.POSITIVE_INFINITY].map((value) => matMul(place(value), sampleTensor([9, 10])));
      });
    });

    it('is one launch, whatever the batch', () => {
      const [a, b, shared] = [sampleTensor([2, 1, 8, 4]), sampleTensor([1, 3, 4, 8], 2), sampleTensor([4, 8], 3)];
      let made: Tensor[] = [];
      const count = countLaunches(() => {
        made = [matMul(a, b), matMul(a, shared)];
      });
      expect(count).toBe(2);
      for (const one of [a, b, shared, ...made]) one.dispose();
    });
  });
});

describe('fused.matMul', () => {
  onWebGpu((expectAsOnCpu) => {
    it.each(['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const)('with %s', async (activation) => {
      await expectAsOnCpu(activation, () =>
        [undefined, [3], [1]].flatMap((bias) => {
          return fused.matMul({
            a: sampleTensor([5, 7]),
            b: sampleTensor([3, 7], 2),
            transposeB: true,
            bias: bias && sampleTensor(bias, 3),
            activation,
            leakyreluAlpha: 0.1,
            preluActivationWeights: activation === 'prelu' ? sampleTensor([3], 4) : undefined,
          });
        }),
      );
    });
  });
});
