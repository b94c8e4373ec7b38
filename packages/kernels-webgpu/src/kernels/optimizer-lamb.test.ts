import { scalar, type Tensor, tensor1d, zeros } from '@tensorflow/tfjs-core';
import { disposeTree, flattenTree, type TensorTree } from '@vitrail/core';
import { lamb, type Optimizer } from '@vitrail/optim';
import { sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { onWebGpu } from '../../test/on-webgpu.ts';

/** Sizes around a vector and around the blocks of 1024 elements, tensors that take several, and one with more blocks than a workgroup. */
const shapes = [[], [0], [3], [7, 13], [2, 3, 4], [1024], [37, 91], [513, 521], [4, 5]];

const treeOf = (seed: number): TensorTree =>
  Object.fromEntries(shapes.map((shape, i) => [`tensor${i}`, { kernel: sampleTensor(shape, seed + i) }]));

/** Parameters and state after some steps, on gradients that depend on the step. */
function run(optimizer: Optimizer, steps: number): Tensor[] {
  let params: TensorTree = { ...treeOf(1), zero: { kernel: zeros([5, 6]) } };
  let state = optimizer.init(params);
  for (let step = 0; step < steps; step++) {
    const grads = { ...treeOf(100 * step), zero: { kernel: step === 0 ? zeros([5, 6]) : sampleTensor([5, 6], step) } };
    ({ params, state } = optimizer.update(grads, state, params, step));
  }
  return Object.values(flattenTree<Tensor>({ params, state }));
}

describe('VitrailLamb', () => {
  onWebGpu((expectAsOnCpu) => {
    it.each([
      ['with decay of matrices', { learningRate: 0.01 }],
      ['without decay', { learningRate: 0.01, weightDecay: 0, maximumNorm: Number.POSITIVE_INFINITY }],
      ['with decay of all and other coefficients', { learningRate: (step: number) => 0.1 / (step + 1), weightDecay: 0.3, decays: () => true, rateScale: (path: string) => (path < 'tensor4' ? 0.5 : 1), beta1: 0.8, beta2: 0.9, epsilon: 1e-3 }], // biome-ignore format: a row
    ] as const)('takes three steps %s', async (name, options) => {
      await expectAsOnCpu(name, () => run(lamb(options), 3), { halfTolerance: 1e-5 });
    });

    it('has NaN and infinities where the composition has them', async () => {
      const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e25, -1e-25, 0, -0];
      await expectAsOnCpu('special values', () => {
        const params = {
          a: tensor1d([0, 1, 2, 3, Number.POSITIVE_INFINITY, 5, 6]),
          b: sampleTensor([5, 5]),
          c: sampleTensor([2, 2], 4),
        };
        const grads = { a: tensor1d(special), b: sampleTensor([5, 5], 2), c: zeros([2, 2]) };
        const optimizer = lamb({ learningRate: 0.1, maximumNorm: Number.POSITIVE_INFINITY });
        return Object.values(flattenTree<Tensor>(optimizer.update(grads, optimizer.init(params), params, 0)));
      });
    });

    it('leaves everything as it is, to the bit, where the scale is NaN', async () => {
      const optimizer = lamb({ learningRate: 0.1, weightDecay: 0.1 });
      const params = { kernel: sampleTensor([37, 91], 1), bias: tensor1d([1, -0, 1e-30, Number.POSITIVE_INFINITY, 3e38]) };
      const grads = { kernel: sampleTensor([37, 91], 3), bias: tensor1d([1, Number.NaN, Number.POSITIVE_INFINITY, 2, 0]) };
      const zero = optimizer.init(params);
      const { state, params: unused } = optimizer.update(params, zero, params, 0);
      const scale = scalar(Number.NaN);
      const updated = optimizer.update(grads, state, params, 5, scale);
      expect(await bitsOf(updated)).toEqual(await bitsOf({ params, state }));
      disposeTree(params, unused, grads, zero, state, { scale }, updated);
    });
  });
});

async function bitsOf(tree: TensorTree): Promise<Record<string, readonly number[]>> {
  const leaves = Object.entries(flattenTree<Tensor>(tree));
  const read = leaves.map(async ([path, leaf]) => [path, [...new Uint32Array((await leaf.data()).slice().buffer)]] as const);
  return Object.fromEntries(await Promise.all(read));
}
