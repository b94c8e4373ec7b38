import { engine, scalar, type Tensor, tensor2d } from '@tensorflow/tfjs-core';
import { flattenTree, type TensorTree } from '@vitrail/core';
import { type AdafactorOptions, adafactor, clippingScale, globalNorm } from '@vitrail/optim';
import { sampleTensor } from '@vitrail/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { onWebGpu } from '../../test/on-webgpu.ts';

/** Vectors, matrices of one chunk of rows and of several, of few and of many columns, and stacks of matrices. */
const shapes = [
  [],
  [0],
  [3],
  [1031],
  [1, 1],
  [7, 13],
  [4, 8],
  [301, 3],
  [60, 130],
  [9, 1100],
  [2, 3, 5],
  [2, 2, 17, 4],
  [2050, 2],
  [1, 6],
];

const treeOf = (seed: number): TensorTree =>
  Object.fromEntries(shapes.map((shape, i) => [`tensor${i}`, { kernel: sampleTensor(shape, seed + i) }]));

/** Parameters and state after some steps, on gradients that depend on the step. */
function run(options: AdafactorOptions, steps: number, maximumNorm?: number): Tensor[] {
  const optimizer = adafactor(options);
  let params = treeOf(1);
  let state = optimizer.init(params);
  for (let step = 0; step < steps; step++) {
    const grads = treeOf(100 * step);
    const scale = maximumNorm === undefined ? undefined : clippingScale(globalNorm(grads), maximumNorm);
    ({ params, state } = optimizer.update(grads, state, params, step, scale));
  }
  return Object.values(flattenTree<Tensor>({ params, state }));
}

// What tests make outside of a tidy is gone after each.
beforeEach(() => engine().startScope());
afterEach(() => engine().endScope());

describe('VitrailAdafactor', () => {
  onWebGpu((expectAsOnCpu) => {
    it.each<[string, AdafactorOptions, number?]>([
      ['by default', { learningRate: 0.01 }],
      ['clipped hard, with decay', { learningRate: 0.03, clippingThreshold: 0.1, weightDecay: 0.3, decayExponent: 0.5 }],
      ['not clipped', { learningRate: 0.01, clippingThreshold: Number.POSITIVE_INFINITY, rateScale: (path) => path.length / 10 }],
      ['scaled by the parameter', { learningRate: 0.1, scaleByParameter: true }],
      [
        'scaled by the parameter only',
        { learningRate: 0.1, scaleByParameter: true, clippingThreshold: Number.POSITIVE_INFINITY },
      ],
      ['on scaled gradients', { learningRate: 0.01, weightDecay: 0.1 }, 1e-3],
    ])('takes four steps %s', async (name, options, maximumNorm) => {
      await expectAsOnCpu(name, () => run(options, 4, maximumNorm), { tolerance: 1e-5, halfTolerance: 1e-5 });
    });

    it('has NaN and infinities where the composition has them', async () => {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e25, 0]) {
        await expectAsOnCpu(`special ${value}`, () => {
          const values = [value, value, value, value, value, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
          const grads = { a: tensor2d(values, [3, 5]), b: sampleTensor([5], 2) };
          const params = { a: sampleTensor([3, 5]), b: sampleTensor([5]) };
          const optimizer = adafactor({ learningRate: 0.1, weightDecay: 0.1 });
          return Object.values(flattenTree<Tensor>(optimizer.update(grads, optimizer.init(params), params, 0)));
        });
      }
    });

    it('leaves everything as it is, to the bit, where the scale is NaN', async () => {
      const optimizer = adafactor({ learningRate: 0.1, weightDecay: 0.1 });
      const params = treeOf(1);
      const grads = treeOf(100);
      const first = optimizer.update(grads, optimizer.init(params), params, 0);
      const scale = scalar(Number.NaN);
      const second = optimizer.update(treeOf(50), first.state, first.params, 1, scale);
      const bitsOf = (tree: TensorTree) =>
        Promise.all(
          Object.values(flattenTree<Tensor>(tree)).map(async (leaf) => new Uint32Array((await leaf.data()).slice().buffer)),
        );
      expect(await bitsOf(second)).toEqual(await bitsOf(first));
    });
  });
});
