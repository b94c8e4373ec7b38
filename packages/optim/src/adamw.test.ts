import { profile, scalar, tensor1d, zeros } from '@tensorflow/tfjs-core';
import { cosine, disposeTree, type TensorTree, warmup } from '@vitrail/core';
import { expectClose } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { adamw } from './adamw.ts';

it('takes two steps worked out by hand', () => {
  // beta1 = beta2 = 1/2, decay 1/4, rate 1/10, epsilon far below.
  const optimizer = adamw({ learningRate: 0.1, beta1: 0.5, beta2: 0.5, epsilon: 1e-12, weightDecay: 0.25, decays: () => true });
  const params = { a: scalar(2) };
  const state = optimizer.init(params);
  // Step 1: g = 3, m = 1.5, v = 4.5; corrected 3 and 9: a step of exactly 1. p = 2 - 0.1 * 0.25 * 2 - 0.1 = 1.85.
  const first = optimizer.update({ a: params.a }, state, params, 0);
  expectClose((first.params as { a: ReturnType<typeof scalar> }).a, [1.85]);
  // Step 2: g = 1 after g = 2: m = 0.5 * 1 + 0.5 = 1, corrected by 3/4: 4/3; v = 0.5 * 2 + 0.5 = 1.5, corrected: 2.
  // p = 1.85 - 0.1 * 0.25 * 1.85 - 0.1 * (4/3) / sqrt(2).
  const grads = { a: scalar(1) };
  const second = optimizer.update(grads, first.state, first.params, 1);
  expectClose((second.params as { a: ReturnType<typeof scalar> }).a, [1.85 - 0.04625 - (0.1 * 4) / 3 / Math.SQRT2]);
  disposeTree(params, state, grads, first, second);
});

it('takes a first step of the rate whatever the size of the gradient, down to epsilon', () => {
  const optimizer = adamw({ learningRate: 0.5, epsilon: 1e-3 });
  const params = { a: tensor1d([0, 0, 0, 0]) };
  const grads = { a: tensor1d([1e6, -1, 1e-3, 0]) };
  const state = optimizer.init(params);
  const { params: after, state: next } = optimizer.update(grads, state, params, 0);
  // g / (|g| + epsilon): half as much where the gradient is as small as epsilon.
  expectClose((after as typeof params).a, [-0.5, 0.5 / 1.001, -0.25, 0]);
  disposeTree(params, grads, state, after, next);
});

it('follows the schedule of a run: the first step is taken, at the warm-up rate', () => {
  const learningRate = warmup(cosine({ from: 1, to: 0, steps: 4 }), 2);
  const optimizer = adamw({ learningRate, epsilon: 1e-12 });
  let params: TensorTree = { a: scalar(0) };
  let state = optimizer.init(params);
  const positions: number[] = [];
  for (let step = 0; step < 6; step++) {
    const grads = { a: scalar(1) };
    const updated = optimizer.update(grads, state, params, step);
    disposeTree(grads, params, state);
    ({ params, state } = updated);
    positions.push((params as { a: ReturnType<typeof scalar> }).a.dataSync()[0]);
  }
  // With a constant gradient every step is the rate: 0.5, 1, then 1, 0.854, 0.5, 0.146.
  expectClose(positions, [-0.5, -1.5, -2.5, -2.5 - (1 + Math.SQRT1_2) / 2, -3 - (1 + Math.SQRT1_2) / 2, -4], 1e-5);
  disposeTree(params, state);
});

it('refuses coefficients that would divide by zero', () => {
  expect(() => adamw({ learningRate: 1, beta1: 1 })).toThrow('adamw: beta1 is a number of at least 0 and below 1, but 1 came');
  expect(() => adamw({ learningRate: 1, beta2: -0.1 })).toThrow('adamw: beta2');
  expect(() => adamw({ learningRate: 1, epsilon: 0 })).toThrow('adamw: epsilon is a number above 0, but 0 came');
});

it('launches thirteen kernels for a tensor that decays and twelve for one that does not', async () => {
  const optimizer = adamw({ learningRate: 0.1, weightDecay: 0.1 });
  const params = { kernel: zeros([2, 2]), bias: zeros([2]) };
  const state = optimizer.init(params);
  const results: TensorTree[] = [];
  const { kernels } = await profile(() => {
    results.push(optimizer.update(params, state, params, 0));
  });
  expect(kernels).toHaveLength(13 + 12);
  disposeTree(params, state, ...results);
});
