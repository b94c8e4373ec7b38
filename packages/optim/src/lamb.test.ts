import { ones, scalar, tensor1d, zeros } from '@tensorflow/tfjs-core';
import { disposeTree, type TensorTree } from '@vitrail/core';
import { expectClose, onBackend } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { lamb } from './lamb.ts';

onBackend(['cpu', 'wasm'], () => {
  it('gives the numbers of EVA-CLIP: trust ratio, then a gradient of norm 3 clipped to 1', () => {
    const optimizer = lamb({ learningRate: 0.01, beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weightDecay: 0.05, decays: () => true });
    const params = { p: tensor1d([1, -2, 0.5]) };
    const grads = [{ p: tensor1d([0.3, 0.1, -0.2]) }, { p: tensor1d([-2, 1, 2]) }];
    const state = optimizer.init(params);
    const first = optimizer.update(grads[0], state, params, 0);
    expectClose((first.params as typeof params).p, [0.9857816221, -2.0121870843, 0.5132027537], 1e-7);
    const second = optimizer.update(grads[1], first.state, first.params, 1);
    expectClose((second.params as typeof params).p, [0.9936598118, -2.0300524577, 0.5010715338], 1e-7);
    disposeTree(params, state, first, second, ...grads);
  });

  it('moves a tensor by the rate times its length, and one of zeros by the plain step', () => {
    const optimizer = lamb({ learningRate: 0.1, weightDecay: 1e-12, decays: () => true, epsilon: 1e-12 });
    const params: TensorTree = { long: tensor1d([30, 40]), zero: zeros([2]) };
    const grads: TensorTree = { long: ones([2]), zero: ones([2]) };
    const state = optimizer.init(params);
    const { params: after, state: next } = optimizer.update(grads, state, params, 0);
    // A first Adam step is the sign, of length sqrt(2); the tensor's length is 50.
    const step = (0.1 * 50) / Math.SQRT2;
    expectClose(after.long as ReturnType<typeof ones>, [30 - step, 40 - step]);
    expectClose(after.zero as ReturnType<typeof ones>, [-0.1, -0.1]);
    disposeTree(params, grads, state, after, next);
  });
});

it('has a weight decay of 0.01 and a maximum norm of 1 unless told otherwise', () => {
  const params = { p: tensor1d([3, 4]) };
  const grads = { p: tensor1d([6, -8]) };
  const states = [{}, { weightDecay: 0.01, maximumNorm: 1 }].map((options) => {
    const optimizer = lamb({ learningRate: 0.1, decays: () => true, ...options });
    const state = optimizer.init(params);
    const updated = optimizer.update(grads, state, params, 0);
    disposeTree(state);
    return updated;
  });
  const [byDefault, told] = states.map(({ params: { p } }) => (p as typeof params.p).dataSync());
  expect(byDefault).toEqual(told);
  // The moment holds the clipped gradient: (6, -8) has length 10.
  expectClose((states[0].state as { firstMoment: typeof params }).firstMoment.p, [0.06, -0.08]);
  disposeTree(params, grads, ...states);
});

it('refuses a maximum norm of 0', () => {
  expect(() => lamb({ learningRate: 1, maximumNorm: 0 })).toThrow('lamb: maximumNorm is above 0');
  const optimizer = lamb({ learningRate: 1, maximumNorm: Number.POSITIVE_INFINITY });
  const params = { p: scalar(0) };
  const state = optimizer.init(params);
  disposeTree(params, state);
});
