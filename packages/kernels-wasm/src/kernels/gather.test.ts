import {
  gather,
  grad,
  mul,
  square,
  type Tensor,
  type Tensor2D,
  tensor,
  tensor1d,
  tensor2d,
  tidy,
  unsortedSegmentSum,
  valueAndGrad,
} from '@tensorflow/tfjs-core';
import { putTokens, takeRows, takeTokens } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { onThreads } from '../../test/on-threads.ts';
import { sampleNumbers, samplesOfEachType } from '../../test/samples.ts';

/** `count` numbers below `limit`, some of them many times. */
function numbers(count: number, limit: number): number[] {
  return Array.from({ length: count }, (_, index) => (index % 3 === 0 ? limit - 1 : (index * index * 7 + index) % limit));
}

describe('takeRows', () => {
  onThreads((expectAsOnCpu) => {
    it.each([
      [1, 1, 1],
      [7, 3, 5],
      [5, 8, 0],
      [3, 130, 2000],
      [1000, 33, 301],
      [2, 64, 900],
    ])('from %i rows of %i values, %i of them, and its gradient', async (rows, width, count) => {
      await expectAsOnCpu(`${[rows, width, count]}`, () => {
        const chosen = tensor1d(numbers(count, rows), 'int32');
        const take = (table: Tensor) => takeRows(table as Tensor2D, chosen);
        const { value, grad } = valueAndGrad(take)(sampleTensor([rows, width]), sampleTensor([count, width]));
        return [value, grad];
      });
    });

    it('takes tokens and puts them back, the last of several for one place', async () => {
      await expectAsOnCpu('tokens', () => {
        const keep = tensor2d([0, 4, 4, 2, 1, 4], [2, 3], 'int32');
        const x = sampleTensor([2, 5, 9]);
        const taken = takeTokens(x as never, keep);
        return [taken, putTokens(x as never, mul(taken, 2) as never, tensor2d([0, 4, 4, 2, 1, 2], [2, 3], 'int32'))];
      });
    });

    it('puts many tokens back', async () => {
      await expectAsOnCpu('many tokens', () => {
        const rows = tensor2d(numbers(120, 300), [1, 120], 'int32');
        return [putTokens(sampleTensor([1, 300, 130]), sampleTensor([1, 120, 130], 2), rows)];
      });
    });
  });
});

describe('gather', () => {
  onThreads((expectAsOnCpu) => {
    it.each([
      [[9], 0, 0, [4]],
      [[5, 7], 0, 0, [11]],
      [[5, 7], 1, 0, [11]],
      [[5, 7], -1, 0, [2, 3]],
      [[3, 4, 5], 1, 0, [6]],
      [[3, 4, 5], 1, 1, [3, 6]],
      [[3, 4, 5], 2, 1, [3, 6]],
      [[3, 4, 5, 2], 2, 2, [3, 4, 7]],
      [[300, 100], 0, 0, [700]],
      [[4, 5], 0, 0, [0]],
    ])('of %j along %i, %i batch axes, indices %j', async (shape, axis, batchDims, indexShape) => {
      await expectAsOnCpu(`${shape} ${axis} ${batchDims} ${indexShape}`, () => {
        const count = indexShape.reduce((product, length) => product * length, 1);
        const indices = tensor(numbers(count, shape.at(axis) as number), indexShape, 'int32');
        // Of bool the wasm backend of tfjs takes the wrong values where there are batch axes.
        const samples = samplesOfEachType(shape).slice(0, batchDims === 0 ? 3 : 2);
        return samples.map((x) => gather(x, indices, axis, batchDims));
      });
    });

    it('has a gradient, which tfjs lacks on wasm', async () => {
      await expectAsOnCpu('gradient', () =>
        [0, 1, 2].map((axis) => grad((x) => square(gather(x, tensor1d([1, 0, 1, 2], 'int32'), axis)))(sampleTensor([3, 4, 5]))),
      );
    });

    it('refuses indices outside of the axis, as tfjs does', () => {
      tidy(() => {
        expect(() => gather(sampleTensor([3, 2]), tensor1d([0, 3], 'int32'))).toThrow('the index value 3 is not in [0, 2]');
        expect(() => gather(sampleTensor([3, 2]), tensor1d([-1], 'int32'))).toThrow('the index value -1 is not in [0, 2]');
      });
    });
  });
});

describe('unsortedSegmentSum', () => {
  onThreads((expectAsOnCpu) => {
    it('adds up entries of a segment, and leaves out those of none', async () => {
      await expectAsOnCpu('segments', () => {
        const segments = tensor1d([2, 0, 2, -1, 7, 5, 2], 'int32');
        return [sampleTensor([7]), sampleTensor([7, 5]), sampleTensor([7, 2, 3]), sampleNumbers([7, 3], 100)].map((x) =>
          unsortedSegmentSum(x, segments, 7),
        );
      });
    });

    it('refuses segments that are not one for each entry', () => {
      tidy(() => {
        expect(() => unsortedSegmentSum(sampleTensor([7, 5]), tensor1d([1, 2], 'int32'), 3)).toThrow(
          'expected one segment for each of the 7 entries of axis 0',
        );
      });
    });
  });
});
