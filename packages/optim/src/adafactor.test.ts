import { matMul, scalar, type Tensor, tensor1d, tensor2d, tidy, zeros } from '@tensorflow/tfjs-core';
import { countParameters, disposeTree, flattenTree, type TensorTree } from '@vitrail/core';
import { expectClose, onBackend } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { adafactor } from './adafactor.ts';

const leaf = (tree: TensorTree, path: string) => flattenTree<Tensor>(tree)[path];

it('keeps a matrix in a row and a column, a stack of matrices in one of each per matrix, and a vector whole', () => {
  const params = { kernel: zeros([30, 50]), position: zeros([4, 5, 6]), bias: zeros([7]), logitScale: scalar(1) };
  const state = adafactor({ learningRate: 1 }).init(params);
  const shapes = Object.entries(flattenTree<Tensor>(state)).map(([path, { shape }]) => [path, shape]);
  expect(Object.fromEntries(shapes)).toEqual({
    'rows.kernel': [30],
    'columns.kernel': [50],
    'rows.position': [4, 5],
    'columns.position': [4, 6],
    'secondMoment.bias': [7],
    'secondMoment.logitScale': [],
  });
  expect(countParameters(state)).toBe(30 + 50 + 20 + 24 + 7 + 1);
  disposeTree(params, state);
});

onBackend(['cpu', 'wasm'], () => {
  it('is exact, and so the sign of the gradient, when the squared gradient has rank one', () => {
    const params = { kernel: zeros([3, 2]) };
    const grads = { kernel: tidy(() => matMul(tensor2d([[1], [-20], [3e-3]]), tensor2d([[5, -0.1]]))) };
    const optimizer = adafactor({ learningRate: 0.1 });
    const state = optimizer.init(params);
    const { params: after, state: next } = optimizer.update(grads, state, params, 0);
    expectClose(leaf(after, 'kernel'), [-0.1, 0.1, 0.1, -0.1, -0.1, 0.1]);
    disposeTree(params, grads, state, after, next);
  });

  it('stays finite where a row or a column never had a gradient', () => {
    const params = { kernel: zeros([3, 3]) };
    const grads = {
      kernel: tensor2d([
        [1e9, 0, 3e8],
        [0, 0, 0],
        [-1e9, 0, 2e8],
      ]),
    };
    const optimizer = adafactor({ learningRate: 0.1 });
    const state = optimizer.init(params);
    const { params: after, state: next } = optimizer.update(grads, state, params, 0);
    const values = [...leaf(after, 'kernel').dataSync()];
    expect(values.every(Number.isFinite)).toBe(true);
    expect([1, 3, 4, 5, 7].every((i) => values[i] === 0)).toBe(true);
    expect([0, 2, 6, 8].every((i) => values[i] !== 0)).toBe(true);
    disposeTree(params, grads, state, after, next);
  });

  it('clips an update that is large for what came before', () => {
    // t = 2: beta2 = 1 - 2^-0.8; v = beta2 * 1 + (1 - beta2) * 100^2, u = 100 / sqrt(v) > 1 is clipped to 1.
    const params = { bias: tensor1d([0, 0]) };
    const steps = [tensor1d([1, 1]), tensor1d([100, 100])];
    const beta2 = 1 - 2 ** -0.8;
    const unclipped = 100 / Math.sqrt(beta2 + (1 - beta2) * 100 ** 2);
    expect(unclipped).toBeGreaterThan(1.3);
    for (const [clippingThreshold, second] of [
      [1, 1],
      [Number.POSITIVE_INFINITY, unclipped],
    ]) {
      const optimizer = adafactor({ learningRate: 0.1, clippingThreshold });
      const state = optimizer.init(params);
      const first = optimizer.update({ bias: steps[0] }, state, params, 0);
      const last = optimizer.update({ bias: steps[1] }, first.state, first.params, 1);
      expectClose(leaf(last.params, 'bias'), [-0.1 * (1 + second), -0.1 * (1 + second)]);
      disposeTree(state, first, last);
    }
    disposeTree(params, { a: steps[0], b: steps[1] });
  });

  it('steps by the size of the parameter when asked to, at least by a thousandth', () => {
    const params = { large: tensor1d([30, 40]), zero: tensor1d([0, 0]) };
    const grads = { large: tensor1d([1, 1]), zero: tensor1d([1, 1]) };
    const optimizer = adafactor({ learningRate: 0.1, scaleByParameter: true });
    const state = optimizer.init(params);
    const { params: after, state: next } = optimizer.update(grads, state, params, 0);
    const step = 0.1 * (50 / Math.SQRT2); // Root mean square of (30, 40).
    expectClose(leaf(after, 'large'), [30 - step, 40 - step]);
    expectClose(leaf(after, 'zero'), [-1e-4, -1e-4], 1e-9);
    disposeTree(params, grads, state, after, next);
  });
});

it('refuses settings that cannot be', () => {
  expect(() => adafactor({ learningRate: 1, decayExponent: 0 })).toThrow(
    'adafactor: decayExponent is a number above 0, but 0 came',
  );
  expect(() => adafactor({ learningRate: 1, clippingThreshold: 0 })).toThrow('adafactor: clippingThreshold');
});
