import { profile, type Tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { flattenTree, type TensorTree } from '@vitrail/core';
import { adamw, clippingScale, globalNorm, type Optimizer } from '@vitrail/optim';
import { sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { onThreads } from '../../test/on-threads.ts';

/** Sizes around a vector and around the chunks of 16384 elements, tensors that share a chunk, and tensors that take several. */
const shapes = [[], [0], [3], [7, 13], [5, 0], [2, 3, 4], [16_384], [37, 991], [1, 1], [4, 5]];

const treeOf = (seed: number): TensorTree =>
  Object.fromEntries(shapes.map((shape, i) => [`tensor${i}`, { kernel: sampleTensor(shape, seed + i) }]));

/** Parameters and state after some steps, on gradients that depend on the step. */
function run(optimizer: Optimizer, steps: number, { clip = false } = {}): Tensor[] {
  let params = treeOf(1);
  let state = optimizer.init(params);
  for (let step = 0; step < steps; step++) {
    const grads = treeOf(100 * step);
    const scale = clip ? clippingScale(globalNorm(grads), 0.5) : undefined;
    ({ params, state } = optimizer.update(grads, state, params, step, scale));
  }
  return Object.values(flattenTree<Tensor>({ params, state }));
}

const layerwise = (path: string) => 0.9 ** Number(path.slice('tensor'.length).split('.')[0]);

describe('VitrailAdamW', () => {
  onThreads((expectAsOnCpu) => {
    it.each([
      ['without decay', { learningRate: 0.01 }, {}],
      ['with decay of matrices', { learningRate: 0.01, weightDecay: 0.3 }, {}],
      ['with decay of all, rates by layer and other coefficients', { learningRate: (step: number) => 0.1 / (step + 1), weightDecay: 0.3, decays: () => true, rateScale: layerwise, beta1: 0.8, beta2: 0.9, epsilon: 1e-3 }, {}], // biome-ignore format: a row
      ['clipped', { learningRate: 0.01, weightDecay: 0.3 }, { clip: true }],
    ] as const)('takes five steps %s', async (name, options, clipping) => {
      await expectAsOnCpu(name, () => run(adamw(options), 5, clipping), { tolerance: 3e-6 });
    });

    it('has NaN and infinities where the composition has them', async () => {
      const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e25, -1e-25, 0, -0];
      const update = (scale?: number) => {
        const params = { a: tensor1d([0, 1, 2, 3, 4, 5, 6]), b: sampleTensor([5]) };
        const grads = { a: tensor1d(special), b: sampleTensor([5], 2) };
        const optimizer = adamw({ learningRate: 0.1, weightDecay: 0.1 });
        const clip = scale === undefined ? undefined : clippingScale(globalNorm({ a: tensor1d([3, scale]) }), 1);
        return Object.values(flattenTree<Tensor>(optimizer.update(grads, optimizer.init(params), params, 0, clip)));
      };
      for (const scale of [undefined, 4, Number.NaN, Number.POSITIVE_INFINITY]) {
        await expectAsOnCpu(`special values, ${scale}`, () => update(scale));
      }
    });

    it('updates everything in one kernel', async () => {
      const optimizer = adamw({ learningRate: 0.1 });
      const { kernels } = await profile(() =>
        tidy(() => void optimizer.update(treeOf(1), optimizer.init(treeOf(1)), treeOf(2), 0)),
      );
      expect(kernels.filter(({ name }) => name !== 'Fill').map(({ name }) => name)).toEqual(['VitrailAdamW']);
    });
  });
});
