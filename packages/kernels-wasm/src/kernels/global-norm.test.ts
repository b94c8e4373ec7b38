import { fill, profile, tensor1d, tidy, zeros } from '@tensorflow/tfjs-core';
import { globalNorm } from '@vitrail/optim';
import { expectClose, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { onThreads } from '../../test/on-threads.ts';

const shapeLists = [
  [[1]],
  [[3], []],
  [[0], [5], [7, 0]],
  [[0]],
  [[65_536]],
  [[65_537], [13, 17], [2]],
  [[211, 997], [1], [4, 3, 2], [100_003]],
];

describe('VitrailGlobalNorm', () => {
  onThreads((expectAsOnCpu) => {
    it.each(shapeLists)('of tensors of the shapes %j, ...', async (...shapes) => {
      const tree = () => Object.fromEntries(shapes.map((shape, i) => [`x${i}`, sampleTensor(shape, i)]));
      await expectAsOnCpu(`norm ${JSON.stringify(shapes)}`, () => [globalNorm(tree())], { tolerance: 3e-7 });
    });

    it('tells of NaN, infinities and squares that overflow, and of none below', async () => {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.9e19, 1.8e19, 1e-30]) {
        const tree = () => ({ a: tensor1d([1, 2, 3, 4, value]), b: sampleTensor([9]) });
        await expectAsOnCpu(`norm with ${value}`, () => [globalNorm(tree())]);
      }
    });

    it('is right to a rounding for more numbers than one float32 sum can hold', () => {
      tidy(() => {
        const count = 5 * 2 ** 22;
        expectClose(globalNorm({ ones: fill([count], 1), a: zeros([3]), b: tensor1d([1, 2]) }), [Math.sqrt(count + 5)], 6e-8);
      });
    });

    it('is one kernel', async () => {
      const { kernels } = await profile(() => tidy(() => void globalNorm({ a: sampleTensor([7]), b: sampleTensor([2, 2]) })));
      expect(kernels.map(({ name }) => name)).toEqual(['VitrailGlobalNorm']);
    });
  });
});
