import {
  broadcast_util,
  broadcastTo,
  fused,
  getBackend,
  grads,
  matMul,
  reshape,
  square,
  type Tensor,
  tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { expectClose, sampleTensor } from '@vitrail/testing';
import { describe, it } from 'vitest';
import { onThreads } from '../../test/on-threads.ts';

const sizes = [
  [1, 1, 1],
  [5, 7, 3],
  [1, 257, 37],
  [37, 257, 1],
  [1, 300, 1],
  [50, 65, 130],
  [50, 300, 40],
  [3, 0, 4],
  [0, 3, 4],
] as const;

const batches: readonly [readonly number[], readonly number[]][] = [
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
  onThreads((expectAsOnCpu) => {
    it.each(sizes)('of %i x %i and as much x %i, every transposition and broadcast', async (rows, depth, columns) => {
      for (const [transposeA, transposeB] of transpositions) {
        const [a, b] = factors(rows, depth, columns, transposeA, transposeB);
        await expectAsOnCpu(
          `${[rows, depth, columns, transposeA, transposeB]}`,
          () =>
            (depth === 7 ? batches : batches.slice(0, 5)).map(([aBatch, bBatch]) => {
              const x = sampleTensor([...aBatch, ...a]);
              const y = sampleTensor([...bBatch, ...b]);
              // The cpu backend takes the wrong matrices where both are broadcast.
              if (getBackend() === 'wasm') return matMul(x, y, transposeA, transposeB);
              const batch = broadcast_util.assertAndGetBroadcastShape([...aBatch], [...bBatch]);
              return matMul(broadcastTo(x, [...batch, ...a]), broadcastTo(y, [...batch, ...b]), transposeA, transposeB);
            }),
          { tolerance: 1e-4 },
        );
      }
    });

    it('of matrices large enough to be divided', async () => {
      await expectAsOnCpu(
        'large',
        () => [
          matMul(sampleTensor([2, 130, 129]), sampleTensor([2, 129, 140])),
          matMul(sampleTensor([1, 129]), sampleTensor([129, 300])),
          matMul(sampleTensor([500, 129]), sampleTensor([129, 1])),
          matMul(sampleTensor([2, 61, 600]), sampleTensor([2, 600, 70])),
          matMul(sampleTensor([1100, 150]), sampleTensor([1100, 49]), true),
          matMul(sampleTensor([2, 600]), sampleTensor([600, 1100])),
          matMul(sampleTensor([0, 600]), sampleTensor([600, 4])),
        ],
        { tolerance: 1e-4 },
      );
    });

    it('has the gradients of tfjs', async () => {
      await expectAsOnCpu('gradients', () =>
        transpositions.flatMap(([transposeA, transposeB]) => {
          const [a, b] = factors(5, 7, 3, transposeA, transposeB);
          return grads((x: Tensor, y: Tensor) => square(matMul(x, y, transposeA, transposeB)))([
            sampleTensor([2, ...a]),
            sampleTensor([2, ...b]),
          ]);
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

    it('multiplies by a matrix that was multiplied in another shape before: tfjs mixes the two up', () => {
      tidy(() => {
        const b = sampleTensor([12, 6]);
        matMul(sampleTensor([4, 12]), b as never);
        const reshaped = reshape(b, [6, 12]);
        const a = sampleTensor([5, 6]);
        const product = matMul(a, reshaped);
        const [x, y] = [a.arraySync() as number[][], reshaped.arraySync() as number[][]];
        expectClose(
          product,
          x.flatMap((row) => y[0].map((_, column) => row.reduce((total, value, k) => total + value * y[k][column], 0))),
        );
      });
    });
  });
});

describe('fused.matMul', () => {
  onThreads((expectAsOnCpu) => {
    it.each(['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const)('with %s', async (activation) => {
      await expectAsOnCpu(activation, () =>
        [undefined, [3], [1]].flatMap((bias) =>
          transpositions.map(([transposeA, transposeB]) => {
            const [a, b] = factors(5, 7, 3, transposeA, transposeB);
            return fused.matMul({
              a: sampleTensor(a),
              b: sampleTensor(b),
              transposeA,
              transposeB,
              bias: bias && sampleTensor(bias),
              activation,
              leakyreluAlpha: 0.1,
              preluActivationWeights: activation === 'prelu' ? sampleTensor([3]) : undefined,
            });
          }),
        ),
      );
    });

    it('has the gradients of tfjs, and takes a bias that was reshaped', async () => {
      await expectAsOnCpu('fused gradients', () =>
        grads((a: Tensor, b: Tensor, bias: Tensor) => fused.matMul({ a, b, bias: reshape(bias, [3]), activation: 'relu' }))([
          sampleTensor([5, 7]),
          sampleTensor([7, 3]),
          sampleTensor([3, 1]),
        ]),
      );
    });
  });
});
