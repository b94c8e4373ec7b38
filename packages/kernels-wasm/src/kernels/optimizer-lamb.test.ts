import { profile, type Tensor, tensor1d, tidy, zeros } from '@tensorflow/tfjs-core';
import { flattenTree, type TensorTree } from '@vitrail/core';
import { clippingScale, globalNorm, type LambOptions, lamb } from '@vitrail/optim';
import { sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { onThreads } from '../../test/on-threads.ts';

/** Sizes around a vector and around the chunks of 16384 elements. */
const shapes = [[], [0], [3], [7, 13], [5, 0], [2, 3, 4], [16_384], [19, 991], [1, 1], [4, 5]];

const treeOf = (seed: number): TensorTree =>
  Object.fromEntries(shapes.map((shape, i) => [`tensor${i}`, { kernel: sampleTensor(shape, seed + i) }]));

/** Parameters and state after some steps, on gradients that depend on the step. */
function run(options: LambOptions, steps: number, maximumNorm?: number): Tensor[] {
  const optimizer = lamb(options);
  let params = treeOf(1);
  let state = optimizer.init(params);
  for (let step = 0; step < steps; step++) {
    const grads = treeOf(100 * step);
    const scale = maximumNorm === undefined ? undefined : clippingScale(globalNorm(grads), maximumNorm);
    ({ params, state } = optimizer.update(grads, state, params, step, scale));
  }
  return Object.values(flattenTree<Tensor>({ params, state }));
}

describe('VitrailLamb', () => {
  onThreads((expectAsOnCpu) => {
    it.each<[string, LambOptions, number?]>([
      ['without decay', { learningRate: 0.01, weightDecay: 0 }],
      ['with decay of matrices', { learningRate: 0.03, weightDecay: 0.3 }],
      ['with decay of all, not clipped', { learningRate: 0.01, decays: () => true, maximumNorm: Number.POSITIVE_INFINITY, beta1: 0.8 }], // biome-ignore format: a row
      ['on scaled gradients, by layer', { learningRate: 0.01, maximumNorm: 0.5, rateScale: (path) => Number(path[6]) / 5 }, 0.75],
    ])('takes four steps %s', async (name, options, maximumNorm) => {
      await expectAsOnCpu(name, () => run(options, 4, maximumNorm), { tolerance: 1e-5 });
    });

    it('has NaN and infinities where the composition has them, and a ratio of 1 where a norm is 0', async () => {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e25, 0]) {
        for (const maximumNorm of [1, Number.POSITIVE_INFINITY]) {
          await expectAsOnCpu(`special ${value} ${maximumNorm}`, () => {
            const grads = { a: tensor1d([value, value, 1, 2, 3]), b: sampleTensor([5], 2), c: zeros([3]) };
            const params = { a: sampleTensor([5]), b: zeros([5]), c: zeros([3]) };
            const optimizer = lamb({ learningRate: 0.1, decays: () => true, maximumNorm });
            return Object.values(flattenTree<Tensor>(optimizer.update(grads, optimizer.init(params), params, 0)));
          });
        }
      }
    });

    it('updates everything in one kernel', async () => {
      const optimizer = lamb({ learningRate: 0.1, maximumNorm: Number.POSITIVE_INFINITY });
      const { kernels } = await profile(() =>
        tidy(() => void optimizer.update(treeOf(1), optimizer.init(treeOf(1)), treeOf(2), 0)),
      );
      expect(kernels.filter(({ name }) => name !== 'Fill').map(({ name }) => name)).toEqual(['VitrailLamb']);
    });
  });
});
