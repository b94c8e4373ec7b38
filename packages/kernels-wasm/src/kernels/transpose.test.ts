import { cast, clone, memory, reshape, type Tensor, tensor, tidy, transpose } from '@tensorflow/tfjs-core';
import { sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { onThreads } from '../../test/on-threads.ts';
import { sampleTruth } from '../../test/samples.ts';

const cases: readonly [readonly number[], readonly number[]][] = [
  [[1], [0]],
  [
    [3, 5],
    [1, 0],
  ],
  [
    [257, 131],
    [1, 0],
  ],
  [
    [3, 5000],
    [1, 0],
  ],
  [
    [5000, 3],
    [1, 0],
  ],
  [
    [64, 2049],
    [1, 0],
  ],
  [
    [2, 37, 19],
    [0, 2, 1],
  ],
  [
    [5, 7, 6],
    [2, 1, 0],
  ],
  [
    [5, 7, 6],
    [1, 2, 0],
  ],
  [
    [2, 17, 3, 20],
    [0, 2, 1, 3],
  ],
  [
    [2, 17, 3, 5, 4],
    [2, 0, 3, 1, 4],
  ],
  [
    [2, 3, 4, 5, 6, 7],
    [5, 3, 1, 4, 2, 0],
  ],
  [
    [2, 1, 4, 1, 6],
    [3, 4, 1, 0, 2],
  ],
  [
    [1, 4, 1, 6],
    [1, 0, 3, 2],
  ],
  [
    [2, 0, 3],
    [2, 1, 0],
  ],
];

/** Every value another, so that one in the wrong place shows. */
function counted(shape: readonly number[], dtype: 'float32' | 'int32'): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    Array.from({ length: size }, (_, index) => index),
    [...shape],
    dtype,
  );
}

describe('transpose', () => {
  onThreads((expectAsOnCpu) => {
    it.each(cases)('of %j by %j, float32, int32 and bool', async (shape, perm) => {
      await expectAsOnCpu(`${shape} ${perm}`, () => [
        transpose(counted(shape, 'float32'), [...perm]),
        transpose(counted(shape, 'int32'), [...perm]),
        transpose(sampleTruth(shape), [...perm]),
      ]);
    });

    it('clones and casts to the same type share their values, which live as long as the last of them', () => {
      tidy(() => {
        const x = sampleTensor([2, 3]);
        const before = memory().numDataBuffers;
        const copies = [clone(x), cast(x, 'float32'), transpose(reshape(x, [2, 1, 3]), [1, 0, 2])];
        expect(memory().numDataBuffers).toBe(before);
        const values = x.dataSync();
        x.dispose();
        copies[0].dispose();
        expect(copies[1].dataSync()).toEqual(values);
        expect(copies[2].shape).toEqual([1, 2, 3]);
        expect(copies[2].dataSync()).toEqual(values);
      });
    });
  });
});
