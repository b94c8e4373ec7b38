import { fill, tensor1d, zeros } from '@tensorflow/tfjs-core';
import { globalNorm } from '@vitrail/optim';
import { expectClose, sampleTensor } from '@vitrail/testing';
import { describe, it } from 'vitest';
import { onWebGpu } from '../../test/on-webgpu.ts';

const shapeLists = [
  [[1]],
  [[3], []],
  [[0], [5], [7, 0]],
  [[0]],
  [[4096]],
  [[4097], [13, 17], [2]],
  [[211, 997], [1], [4, 3, 2], [10_003]],
];

describe('VitrailGlobalNorm', () => {
  onWebGpu((expectAsOnCpu) => {
    it.each(shapeLists)('of tensors of the shapes %j, ...', async (...shapes) => {
      const tree = () => Object.fromEntries(shapes.map((shape, i) => [`x${i}`, sampleTensor(shape, i)]));
      await expectAsOnCpu(`norm ${JSON.stringify(shapes)}`, () => [globalNorm(tree())], { tolerance: 3e-7, halfTolerance: 3e-7 });
    });

    it('tells of NaN, infinities and squares that overflow, and of none below', async () => {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.9e19, 1.8e19, 1e-30]) {
        const tree = () => ({ a: tensor1d([1, 2, 3, 4, value]), b: sampleTensor([9]) });
        await expectAsOnCpu(`norm with ${value}`, () => [globalNorm(tree())]);
      }
    });

    // The padding between tensors in a slab holds what was there before.
    it('does not count what lies between tensors', async () => {
      // A buffer of the slab's size, for the pool.
      const filled = fill([3072], Number.NaN);
      await filled.data();
      filled.dispose();
      const tree = { a: fill([2997], 1), b: tensor1d([1, 1, 1]) };
      const norm = globalNorm(tree);
      expectClose(await norm.data(), [Math.sqrt(3000)], 1e-7);
      for (const tensor of [...Object.values(tree), norm]) tensor.dispose();
    });

    it('is right to a rounding for more numbers than one float32 sum can hold', async () => {
      const count = 5 * 2 ** 22;
      const tree = { ones: fill([count], 1), a: zeros([3]), b: tensor1d([1, 2]) };
      const norm = globalNorm(tree);
      expectClose(await norm.data(), [Math.sqrt(count + 5)], 1.2e-7);
      for (const tensor of [...Object.values(tree), norm]) tensor.dispose();
    });
  });
});
