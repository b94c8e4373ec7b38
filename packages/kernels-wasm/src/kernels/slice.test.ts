import { grad, slice, split, square, tensor1d, tidy, unstack } from '@tensorflow/tfjs-core';
import { sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { onThreads } from '../../test/on-threads.ts';
import { samplesOfEachType } from '../../test/samples.ts';

const cases: readonly [readonly number[], readonly number[], readonly number[]][] = [
  [[7], [2], [3]],
  [
    [5, 33],
    [1, 2],
    [3, 29],
  ],
  [
    [200, 301],
    [3, 0],
    [190, 300],
  ],
  [
    [4, 5, 6],
    [0, 4, 0],
    [4, 1, 6],
  ],
  [
    [3, 4, 5, 6],
    [1, 1, 1, 1],
    [2, 2, 3, 4],
  ],
  [
    [2, 3, 2, 3, 2, 5],
    [1, 1, 0, 1, 1, 2],
    [1, 2, 2, 2, 1, 3],
  ],
  [
    [4, 5],
    [1, 2],
    [-1, -1],
  ],
  [
    [4, 5],
    [1, 2],
    [3, 0],
  ],
  [
    [1, 40000],
    [0, 1],
    [1, 39990],
  ],
];

describe('slices', () => {
  onThreads((expectAsOnCpu) => {
    it.each(cases)('of %j from %j, lengths %j, float32, int32 and bool', async (shape, begin, size) => {
      await expectAsOnCpu(`${shape} ${begin} ${size}`, () =>
        samplesOfEachType(shape).map((x) => slice(x, [...begin], [...size])),
      );
    });

    it('splits along every axis, evenly and not, and unstacks', async () => {
      await expectAsOnCpu('split', () => {
        return samplesOfEachType([4, 6, 10]).flatMap((x) =>
          [0, 1, 2, -1].flatMap((axis) => [
            ...split(x, 2, axis),
            ...split(x, [1, (x.shape.at(axis) as number) - 1], axis),
            ...unstack(x, axis),
          ]),
        );
      });
    });

    it('has the gradient of tfjs', async () => {
      await expectAsOnCpu('gradient', () => [grad((x) => square(slice(x, [1, 2], [3, 2])))(sampleTensor([5, 7]))]);
    });

    it('refuses what lies outside of the tensor, as tfjs does', () => {
      tidy(() => {
        for (const x of samplesOfEachType([3, 4])) {
          expect(() => slice(x, [0, 0], [3, 10])).toThrow('begin[1] + size[1] (10) would overflow input.shape[1] (4)');
          expect(() => slice(x, [2, 0], [2, 4])).toThrow('would overflow');
          expect(() => slice(x, [4, 0])).toThrow('from 4 on there is nothing along axis 0 of [3,4]');
          expect(() => slice(x, [0, -2], [3, 2])).toThrow('from -2 on there is nothing along axis 1 of [3,4]');
        }
        expect(() => slice(tensor1d([1, 2, 3]), [0], [10])).toThrow('would overflow');
      });
    });

    it('takes part of a part', () => {
      tidy(() => {
        const x = sampleTensor([6, 6]);
        expect(slice(slice(x, [1, 1], [4, 4]), [1, 2], [2, 2]).arraySync()).toEqual(slice(x, [2, 3], [2, 2]).arraySync());
      });
    });
  });
});
