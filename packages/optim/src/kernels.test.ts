import {
  fill,
  getBackend,
  type KernelFunc,
  registerKernel,
  type Scalar,
  scalar,
  type Tensor,
  type TensorInfo,
  tensor1d,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { disposeTree, flattenTree, type TensorTree } from '@vitrail/core';
import { expectClose, expectNoLeak, sampleTensor } from '@vitrail/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { adafactor, adamw, clipByGlobalNorm, globalNorm, type KernelName, kernelNames, lamb, type Optimizer } from './index.ts';

type Call = { name: KernelName; inputs: Record<string, TensorInfo>; attributes: unknown };
const calls: Call[] = [];
const registered: KernelName[] = [];

/** A kernel that notes how it was called and returns tensors of the given shapes, filled with 1, 2, 3, ... */
function fakeKernel(name: KernelName, shapes: (inputs: Record<string, TensorInfo>) => number[][]): void {
  const kernelFunc: KernelFunc = ({ inputs, attrs }) => {
    const present = inputs as Record<string, TensorInfo>;
    calls.push({ name, inputs: { ...present }, attributes: attrs });
    return shapes(present).map((shape, i) => fill(shape, i + 1));
  };
  registerKernel({ kernelName: name, backendName: getBackend(), kernelFunc });
  registered.push(name);
}

afterEach(() => {
  for (const name of registered.splice(0)) unregisterKernel(name, 'cpu');
  calls.length = 0;
});

const params = () => ({ a: { kernel: sampleTensor([2, 3], 1), bias: sampleTensor([3], 2) }, z: sampleTensor([], 3) });

/** Runs one update (the third) beside a kernel and gives what came out, in numbers by path. */
function update(optimizer: Optimizer, gradientScale?: Scalar): Record<string, number[]> {
  const [now, grads] = [params(), params()];
  const state = optimizer.init(now);
  const updated = optimizer.update(grads, state, now, 2, gradientScale);
  const numbers = Object.fromEntries(
    Object.entries(flattenTree<Tensor>(updated)).map(([path, leaf]) => [path, [...leaf.dataSync()]]),
  );
  disposeTree(now, grads, state, updated);
  return numbers;
}

const inputNames = () => calls.map(({ inputs }) => Object.keys(inputs));
const adamShapes = (inputs: Record<string, TensorInfo>) =>
  [0, 1, 2].flatMap((i) => Array.from({ length: 3 }, () => inputs[`param${i}`].shape));
const adamInputs = [0, 1, 2].flatMap((i) => ['param', 'gradient', 'firstMoment', 'secondMoment'].map((name) => `${name}${i}`));

describe('a kernel registered for the current backend', () => {
  it('takes the step of AdamW for all tensors, with the names, inputs and attributes of the table in the README', () => {
    fakeKernel('VitrailAdamW', adamShapes);
    const options = { learningRate: (step: number) => 0.25 * step, beta1: 0.5, beta2: 0.75, epsilon: 1e-3, weightDecay: 0.5 };
    const numbers = update(adamw({ ...options, rateScale: (path) => (path === 'z' ? 2 : 1) }));
    expect(inputNames()).toEqual([adamInputs]);
    expect(calls[0].attributes).toEqual({
      beta1: 0.5,
      beta2: 0.75,
      epsilon: 1e-3,
      t: 3,
      rates: [0.5, 0.5, 1],
      decays: [0.5, 0, 0],
    });
    expect(numbers).toEqual({
      'params.a.kernel': Array(6).fill(1),
      'params.a.bias': Array(3).fill(4),
      'params.z': [7],
      'state.firstMoment.a.kernel': Array(6).fill(2),
      'state.firstMoment.a.bias': Array(3).fill(5),
      'state.firstMoment.z': [8],
      'state.secondMoment.a.kernel': Array(6).fill(3),
      'state.secondMoment.a.bias': Array(3).fill(6),
      'state.secondMoment.z': [9],
    });
  });

  it('gets the scale of the gradients as a tensor, and unscaled gradients', () => {
    fakeKernel('VitrailAdamW', adamShapes);
    const scale = scalar(0.5);
    update(adamw({ learningRate: 1 }), scale);
    expect(inputNames()).toEqual([['gradientScale', ...adamInputs]]);
    expect(calls[0].inputs.gradientScale).toBe(scale);
    scale.dispose();
  });

  it('takes the step of LAMB, which makes the scale itself', () => {
    fakeKernel('VitrailLamb', adamShapes);
    update(lamb({ learningRate: 1, maximumNorm: Number.POSITIVE_INFINITY }));
    update(lamb({ learningRate: 1, maximumNorm: 1 }));
    expect(inputNames()).toEqual([adamInputs, ['gradientScale', ...adamInputs]]);
    expect(calls[0].attributes).toMatchObject({ beta1: 0.9, beta2: 0.999, epsilon: 1e-6, t: 3, decays: [0.01, 0, 0] });
  });

  it('takes the step of Adafactor, with the moments that a tensor has', () => {
    fakeKernel('VitrailAdafactor', () => [[2, 3], [2], [3], [3], [3], [], []]);
    const numbers = update(adafactor({ learningRate: 1, decayExponent: 0.5 }));
    const names = ['param0', 'gradient0', 'rows0', 'columns0', 'param1', 'gradient1', 'secondMoment1'];
    expect(inputNames()).toEqual([[...names, 'param2', 'gradient2', 'secondMoment2']]);
    expect(calls[0].attributes).toEqual({
      decayExponent: 0.5,
      clippingThreshold: 1,
      scaleByParameter: false,
      t: 3,
      rates: [1, 1, 1],
      decays: [0, 0, 0],
    });
    expect(numbers['state.columns.a.kernel']).toEqual([3, 3, 3]);
    expect(numbers['state.secondMoment.z']).toEqual([7]);
  });

  it('gives the global norm, for clipping too', () => {
    fakeKernel('VitrailGlobalNorm', () => [[]]);
    const grads = { a: tensor1d([3, 4]), b: { c: scalar(5) } };
    expectNoLeak(() => [globalNorm(grads)]);
    expectNoLeak(() => {
      const { grads: clipped, norm } = clipByGlobalNorm(grads, 0.5); // The kernel says 1.
      expectClose(clipped.a, [1.5, 2]);
      return [norm, ...Object.values(flattenTree<Tensor>(clipped))];
    });
    expect(inputNames()).toEqual([
      ['x0', 'x1'],
      ['x0', 'x1'],
    ]);
    disposeTree(grads);
  });

  it('leaves nothing behind but the new trees', () => {
    fakeKernel('VitrailAdamW', adamShapes);
    const optimizer = adamw({ learningRate: 1 });
    const now: TensorTree = params();
    const state = optimizer.init(now);
    expectNoLeak(() => Object.values(flattenTree<Tensor>(optimizer.update(now, state, now, 0))));
    disposeTree(now, state);
  });
});

it('has a kernel name of our own, each once', () => {
  expect(new Set(kernelNames).size).toBe(kernelNames.length);
  for (const name of kernelNames) expect(name).toMatch(/^Vitrail[A-Z]/);
});
