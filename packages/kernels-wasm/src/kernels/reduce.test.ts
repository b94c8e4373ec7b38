import {
  grad,
  max,
  mean,
  min,
  prod,
  reshape,
  slice,
  square,
  sum,
  type Tensor,
  tensor,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { onThreads } from '../../test/on-threads.ts';
import { sampleNumbers, sampleRange, sampleTruth } from '../../test/samples.ts';

const reductions = { sum, mean, max, min, prod } as Record<string, (x: Tensor, axes?: number[], keepDims?: boolean) => Tensor>;

const cases: readonly [readonly number[], readonly (readonly number[])[]][] = [
  [[1], [[0]]],
  [[15], [[0]]],
  [[16], [[0]]],
  [[20011], [[0]]],
  [
    [5, 1, 7],
    [[0], [1], [2], [0, 2], [0, 1, 2], [-1]],
  ],
  [
    [9, 23],
    [[0], [1], [0, 1]],
  ],
  [
    [700, 131],
    [[0], [1], [0, 1]],
  ],
  [
    [3, 8, 3],
    [[0], [1], [2], [0, 1], [1, 2], [0, 2]],
  ],
  [
    [4, 5, 6, 7],
    [
      [0, 2],
      [1, 3],
      [3, 0],
      [1, 2],
    ],
  ],
  [
    [2, 3, 2, 3, 2, 3],
    [
      [0, 2, 4],
      [1, 3, 5],
    ],
  ],
  [
    [3, 5000],
    [[0], [1]],
  ],
  [
    [40000, 2],
    [[0], [1]],
  ],
];

describe('reductions', () => {
  onThreads((expectAsOnCpu) => {
    it.each(cases)('of %j over %j', async (shape, axes) => {
      for (const [name, reduce] of Object.entries(reductions)) {
        await expectAsOnCpu(
          `${name} ${shape} ${axes}`,
          () => {
            // Near 1 for products, so that they stay in range.
            const x = name === 'prod' ? sampleRange(shape, 0.999, 1.001) : sampleRange(shape, -0.2, 1);
            return axes.flatMap((one) => [reduce(x, [...one]), reduce(x, [...one], true)]);
          },
          { tolerance: name === 'prod' ? 1e-4 : 1e-5 },
        );
      }
    });

    it('of nothing, and with nothing to reduce', async () => {
      await expectAsOnCpu('nothing', () => {
        const x = sampleTensor([3, 0, 2]);
        return [
          sum(x, 1),
          mean(x, 1),
          prod(x, 1),
          sum(x, 0),
          max(x, 0),
          sum(sampleTensor([3, 1]), 1),
          mean(sampleTensor([3]), []),
        ];
      });
    });

    it('of int32 and bool, which tfjs does', async () => {
      await expectAsOnCpu('integers', () => {
        const x = sampleNumbers([5, 7], 100);
        return [sum(x, 0), max(x, 1), min(x, 0), mean(x, 1), sum(sampleTruth([5, 7]), 1)];
      });
    });

    it('has NaN and infinities where tfjs has them', async () => {
      const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      await expectAsOnCpu('special', () =>
        special.flatMap((value) =>
          [0, 3, 17, 36].flatMap((at) => {
            const values = Float32Array.from({ length: 37 * 3 }, (_, index) => Math.sin(index));
            values[3 * at + 1] = value;
            const x = tensor(values, [37, 3]);
            const y = transpose(x);
            return [sum, max, min, mean].flatMap((reduce) => [reduce(x, 0), reduce(x, 1), reduce(y, 1), reduce(x)]);
          }),
        ),
      );
      await expectAsOnCpu('both infinities', () => [sum(tensor([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1]))]);
    });

    it('sums a million values to a few units in the last place', () => {
      tidy(() => {
        const values = Float32Array.from({ length: 1_000_003 }, (_, index) => 1 + Math.sin(index));
        const exact = values.reduce((total, value) => total + value, 0);
        const x = tensor(values);
        expect(Math.abs(sum(x).dataSync()[0] - exact) / exact).toBeLessThan(2e-7);
        const rows = sum(reshape(slice(x, 0, 1_000_000), [250_000, 4]), 0).dataSync();
        rows.forEach((row, column) => {
          let expected = 0;
          for (let index = column; index < 1_000_000; index += 4) expected += values[index];
          expect(Math.abs(row - expected) / expected).toBeLessThan(2e-7);
        });
      });
    });

    it('has the gradients of tfjs', async () => {
      await expectAsOnCpu('gradients', () =>
        [sum, mean, max].flatMap((reduce) => [0, 1].map((axis) => grad((x) => square(reduce(x, axis)))(sampleTensor([7, 5])))),
      );
    });
  });
});
