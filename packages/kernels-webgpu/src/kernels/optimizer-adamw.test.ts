import { add, memory, scalar, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { disposeTree, flattenTree, type TensorTree } from '@vitrail/core';
import { adamw, clippingScale, globalNorm, type Optimizer } from '@vitrail/optim';
import { sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { onWebGpu } from '../../test/on-webgpu.ts';

/** Sizes around a vector and around the blocks of 1024 elements, and tensors that take several. */
const shapes = [[], [0], [3], [7, 13], [5, 0], [2, 3, 4], [1024], [37, 91], [1, 1], [4, 5]];

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
  onWebGpu((expectAsOnCpu) => {
    it.each([
      ['without decay', { learningRate: 0.01 }, {}],
      ['with decay of matrices', { learningRate: 0.01, weightDecay: 0.3 }, {}],
      ['with decay of all, rates by layer and other coefficients', { learningRate: (step: number) => 0.1 / (step + 1), weightDecay: 0.3, decays: () => true, rateScale: layerwise, beta1: 0.8, beta2: 0.9, epsilon: 1e-3 }, {}], // biome-ignore format: a row
      ['clipped', { learningRate: 0.01, weightDecay: 0.3 }, { clip: true }],
    ] as const)('takes five steps %s', async (name, options, clipping) => {
      await expectAsOnCpu(name, () => run(adamw(options), 5, clipping), { halfTolerance: 1e-5 });
    });

    it('has NaN and infinities where the composition has them', async () => {
      const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e25, -1e-25, 0, -0];
      const update = (factor?: number) => {
        const params = { a: tensor1d([0, 1, 2, 3, 4, 5, 6]), b: sampleTensor([5]) };
        const grads = { a: tensor1d(special), b: sampleTensor([5], 2) };
        const optimizer = adamw({ learningRate: 0.1, weightDecay: 0.1 });
        const scale = factor === undefined ? undefined : scalar(factor);
        return Object.values(flattenTree<Tensor>(optimizer.update(grads, optimizer.init(params), params, 0, scale)));
      };
      for (const factor of [undefined, 4, Number.POSITIVE_INFINITY]) {
        await expectAsOnCpu(`special values, ${factor}`, () => update(factor));
      }
    });

    it('leaves everything as it is, to the bit, where the scale is NaN', async () => {
      const optimizer = adamw({ learningRate: 0.1, weightDecay: 0.1 });
      const params = { kernel: sampleTensor([37, 91], 1), bias: tensor1d([1, -0, 1e-30, Number.POSITIVE_INFINITY, 3e38]) };
      const grads = { kernel: sampleTensor([37, 91], 3), bias: tensor1d([1, Number.NaN, Number.POSITIVE_INFINITY, 2, 0]) };
      const zero = optimizer.init(params);
      const { state, params: unused } = optimizer.update(params, zero, params, 0);
      const scale = scalar(Number.NaN);
      const updated = optimizer.update(grads, state, params, 5, scale);
      expect(await bitsOf(updated)).toEqual(await bitsOf({ params, state }));
      disposeTree(params, unused, grads, zero, state, { scale }, updated);
    });

    it('leaves what it was given to the caller, and gives all memory back', async () => {
      const optimizer = adamw({ learningRate: 0.1 });
      await settle();
      const before = memory() as unknown as Record<string, number>;
      const params = treeOf(1);
      const state = optimizer.init(params);
      const kept = await bitsOf(params);
      const grads = treeOf(2);
      const updated = optimizer.update(grads, state, params, 0);
      const again = optimizer.update(grads, updated.state, updated.params, 1);
      expect(await bitsOf(params)).toEqual(kept);
      disposeTree(updated, grads, params);
      expect(Number.isFinite((await bitsOf(again))['params.tensor2.kernel'][0])).toBe(true);
      disposeTree(again, state);
      await settle();
      expect((memory() as unknown as Record<string, number>).numBytesInGPU).toBe(before.numBytesInGPU);
    });
  });
});

async function bitsOf(tree: TensorTree): Promise<Record<string, readonly number[]>> {
  const leaves = Object.entries(flattenTree<Tensor>(tree));
  const read = leaves.map(async ([path, leaf]) => [path, [...new Uint32Array((await leaf.data()).slice().buffer)]] as const);
  return Object.fromEntries(await Promise.all(read));
}

/** Submits all that is recorded, so that what waits for that goes back to the pool. */
async function settle(): Promise<void> {
  const one = scalar(1);
  const two = add(one, one);
  await two.data();
  one.dispose();
  two.dispose();
}
