import { profile, type Tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { flattenTree, type TensorTree } from '@vitrail/core';
import { emaUpdate } from '@vitrail/ema';
import { expectClose, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { onThreads } from '../../test/on-threads.ts';

/** Sizes around a vector and around the chunks of 32768 elements, tensors that share a chunk, and tensors that take several. */
const shapes = [[], [0], [3], [7, 13], [5, 0], [2, 3, 4], [32_768], [37, 991], [4]];

const treeOf = (seed: number): TensorTree =>
  Object.fromEntries(shapes.map((shape, i) => [`tensor${i}`, sampleTensor(shape, seed + i)]));
const leavesOf = (tree: TensorTree) => Object.values(flattenTree<Tensor>(tree));

describe('VitrailEma', () => {
  onThreads((expectAsOnCpu) => {
    it.each([0, 0.3, 0.996, 1])('moves every leaf at momentum %d', async (momentum) => {
      const steps = () => [2, 3].reduce((average, seed) => emaUpdate(average, treeOf(100 * seed), momentum), treeOf(1));
      await expectAsOnCpu(`ema ${momentum}`, () => leavesOf(steps()), { tolerance: 3e-7 });
    });

    it('keeps the average at momentum 1 and takes over the current values at 0, to the bit', () => {
      tidy(() => {
        const [average, current] = [{ w: sampleTensor([51], 1) }, { w: sampleTensor([51], 2) }];
        expectClose(emaUpdate(average, current, 1).w, average.w, 0);
        expectClose(emaUpdate(average, current, 0).w, current.w, 0);
      });
    });

    it('has NaN and infinities where the composition has them', async () => {
      const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38, 0, -0, 1];
      for (const momentum of [0, 0.5, 1]) {
        await expectAsOnCpu(`special ${momentum}`, () => [
          emaUpdate({ w: tensor1d(special) }, { w: tensor1d([...special].reverse()) }, momentum).w,
        ]);
      }
    });

    it('is one kernel', async () => {
      const { kernels } = await profile(() => tidy(() => void emaUpdate(treeOf(1), treeOf(2), 0.5)));
      expect(kernels.map(({ name }) => name)).toEqual(['VitrailEma']);
    });
  });
});
