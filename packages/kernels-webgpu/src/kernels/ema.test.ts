import { type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { disposeTree, flattenTree, type TensorTree } from '@vitrail/core';
import { emaUpdate } from '@vitrail/ema';
import { globalNorm } from '@vitrail/optim';
import { expectClose, sampleTensor } from '@vitrail/testing';
import { describe, it } from 'vitest';
import { onWebGpu } from '../../test/on-webgpu.ts';

/** Sizes around a vector and around the blocks of 1024 elements, and tensors that take several. */
const shapes = [[], [0], [3], [7, 13], [5, 0], [2, 3, 4], [1024], [37, 91], [4]];

const treeOf = (seed: number): TensorTree =>
  Object.fromEntries(shapes.map((shape, i) => [`tensor${i}`, sampleTensor(shape, seed + i)]));
const leavesOf = (tree: TensorTree) => Object.values(flattenTree<Tensor>(tree));

describe('VitrailEma', () => {
  onWebGpu((expectAsOnCpu) => {
    it.each([0, 0.3, 0.996, 1])('moves every leaf at momentum %d', async (momentum) => {
      const steps = () => [2, 3].reduce((average, seed) => emaUpdate(average, treeOf(100 * seed), momentum), treeOf(1));
      await expectAsOnCpu(`ema ${momentum}`, () => leavesOf(steps()), { tolerance: 3e-7, halfTolerance: 3e-7 });
    });

    it('finds the leaves where they lie: in a slab in another order, with others between', async () => {
      await expectAsOnCpu('another order', () => {
        const [a, b, c] = [sampleTensor([70], 1), sampleTensor([7, 13], 2), sampleTensor([3], 3)];
        globalNorm({ c, other: sampleTensor([300], 4), a, b }); // Which gathers them in this order.
        const average = { a: sampleTensor([70], 5), b: sampleTensor([7, 13], 6), c: sampleTensor([3], 7) };
        return leavesOf(emaUpdate(average, { a, b, c }, 0.25));
      });
    });

    it('keeps the average at momentum 1 and takes over the current values at 0, to the bit', async () => {
      const [average, current] = [{ w: sampleTensor([51], 1) }, { w: sampleTensor([51], 2) }];
      const [kept, taken] = [emaUpdate(average, current, 1), emaUpdate(average, current, 0)];
      expectClose(await kept.w.data(), await average.w.data(), 0);
      expectClose(await taken.w.data(), await current.w.data(), 0);
      disposeTree(average, current, kept, taken);
    });

    it('has NaN and infinities where the composition has them', async () => {
      const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38, 0, -0, 1];
      for (const momentum of [0, 0.5, 1]) {
        await expectAsOnCpu(`special ${momentum}`, () => [
          emaUpdate({ w: tensor1d(special) }, { w: tensor1d([...special].reverse()) }, momentum).w,
        ]);
      }
    });
  });
});
