import {
  add,
  div,
  equal,
  grads,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalNot,
  maximum,
  minimum,
  mul,
  notEqual,
  reciprocal,
  relu,
  rsqrt,
  sqrt,
  square,
  squaredDifference,
  sub,
  type Tensor,
  tensor,
  where,
} from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { onThreads } from '../../test/on-threads.ts';
import { sampleNumbers, sampleRange, samplesOfEachType, sampleTruth } from '../../test/samples.ts';

type Binary = (a: Tensor, b: Tensor) => Tensor;
const arithmetic = { add, sub, mul, div, maximum, minimum, squaredDifference } as Record<string, Binary>;
const comparisons = { less, lessEqual, greater, greaterEqual, equal, notEqual } as Record<string, Binary>;
const unary = { square, sqrt, rsqrt, reciprocal, relu } as Record<string, (x: Tensor) => Tensor>;

const shapes: readonly [readonly number[], readonly number[]][] = [
  [[], []],
  [[7], [7]],
  [[7], []],
  [[], [9]],
  [[3, 5], [5]],
  [[5], [3, 5]],
  [
    [3, 1],
    [1, 5],
  ],
  [
    [3, 5],
    [3, 1],
  ],
  [
    [2, 1, 9],
    [2, 4, 9],
  ],
  [
    [2, 4, 9],
    [1, 4, 9],
  ],
  [
    [2, 4, 9],
    [2, 4, 1],
  ],
  [
    [2, 1, 3, 1, 4],
    [1, 5, 1, 3, 4],
  ],
  [
    [2, 1, 3, 1, 2, 1],
    [1, 2, 1, 3, 1, 3],
  ],
  [
    [0, 3],
    [1, 3],
  ],
];

/** More than one task. */
const largeShapes: typeof shapes = [
  [[70001], [70001]],
  [[70001], [1]],
  [
    [300, 301],
    [300, 1],
  ],
];

describe('arithmetic and comparisons', () => {
  onThreads((expectAsOnCpu) => {
    it.each(shapes)('of %j and %j', async (a, b) => {
      await expectAsOnCpu(`arithmetic ${a} ${b}`, () =>
        Object.values(arithmetic).map((f) => f(sampleRange(a, 1, 3), sampleRange(b, 0.7, 2))),
      );
      await expectAsOnCpu(`comparisons ${a} ${b}`, () =>
        Object.values(comparisons).flatMap((f) => [
          // Coarse, so that many are equal.
          f(sampleNumbers(a, 3, 'float32'), sampleNumbers(b, 2, 'float32')),
          f(sampleNumbers(a, 3), sampleNumbers(b, 2)),
        ]),
      );
    });

    it.each(largeShapes)('of %j and %j', async (a, b) => {
      await expectAsOnCpu(`large ${a} ${b}`, () => [
        sub(sampleRange(a, 1, 3), sampleRange(b, 0.7, 2)),
        div(sampleRange(b, 1, 3), sampleRange(a, 0.7, 2)),
        less(sampleNumbers(a, 3), sampleNumbers(b, 2)),
        greater(sampleNumbers(a, 3, 'float32'), sampleNumbers(b, 2, 'float32')),
      ]);
    });

    it('of NaN, infinities and zeros, each with each', async () => {
      const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1, -3e38, 1e-42, 2];
      await expectAsOnCpu('special', () => {
        const [a, b] = [tensor(special, [9, 1]), tensor(special, [1, 9])];
        return [...Object.values(arithmetic), ...Object.values(comparisons)].flatMap((f) => [
          f(a, b),
          f(tensor(special), tensor(special)),
        ]);
      });
    });

    it('of int32 and bool, which tfjs does', async () => {
      await expectAsOnCpu('integers', () => {
        const [a, b] = [sampleNumbers([5, 7], 10), sampleNumbers([7], 7)];
        return [add(a, b), mul(a, b), maximum(a, b), equal(sampleTruth([5, 7]), sampleTruth([5, 7]))];
      });
    });

    it('has the gradients of tfjs', async () => {
      await expectAsOnCpu('gradients', () =>
        [add, sub, mul, div, maximum].flatMap((f) => {
          // That of maximum cannot broadcast.
          const shape = f === maximum ? [3, 5] : [4, 1, 5];
          return grads(f as (...tensors: Tensor[]) => Tensor)([sampleRange(shape, -1, 1), sampleRange([3, 5], 0.5, 4)]);
        }),
      );
    });
  });
});

describe('functions of one value', () => {
  onThreads((expectAsOnCpu) => {
    it.each(Object.keys(unary))('%s', async (name) => {
      await expectAsOnCpu(name, () => [
        ...[[], [1], [7], [5, 13], [0], [40001]].map((shape) => unary[name](sampleRange(shape, 0.1, 3))),
        unary[name](sampleRange([37], -1, 1)),
        unary[name](tensor([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e30, -1e-30, 4])),
      ]);
    });
  });
});

describe('where', () => {
  onThreads((expectAsOnCpu) => {
    it('takes each value from the one or the other, float32, int32 and bool', async () => {
      await expectAsOnCpu('where', () =>
        [[1], [3, 7], [0], [40001]].flatMap((shape) => {
          const condition = greater(sampleRange(shape, -1, 1), 0.3);
          return [
            where(condition, sampleRange(shape, 0, 1), sampleRange(shape, 2, 3)),
            where(condition, sampleNumbers(shape, 99), sampleNumbers(shape, 7)),
            where(condition, sampleTruth(shape), logicalNot(sampleTruth(shape))),
          ];
        }),
      );
      await expectAsOnCpu('mixed', () => {
        const samples = samplesOfEachType([70001]);
        return samples.flatMap((t) => samples.map((e) => where(sampleTruth([70001]), t, e)));
      });
      await expectAsOnCpu('broadcast', () => [where(sampleTruth([5]), sampleRange([3, 5], 0, 1), sampleRange([1], 2, 3))]);
    });
  });
});
