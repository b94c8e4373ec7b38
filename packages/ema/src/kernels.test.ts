import {
  fill,
  getBackend,
  type KernelFunc,
  registerKernel,
  type Tensor,
  type TensorInfo,
  unregisterKernel,
  zeros,
} from '@tensorflow/tfjs-core';
import { disposeTree, flattenTree } from '@vitrail/core';
import { expectClose, expectNoLeak, sampleTensor } from '@vitrail/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { emaUpdate, kernelNames } from './index.ts';

type Call = { inputs: [name: string, shape: number[]][]; attributes: unknown };
const calls: Call[] = [];

/** A kernel that notes how it was called and returns tensors filled with 1, 2, 3, ... */
beforeEach(() => {
  const kernelFunc: KernelFunc = ({ inputs, attrs }) => {
    const entries = Object.entries(inputs as Record<string, TensorInfo>);
    calls.push({ inputs: entries.map(([name, { shape }]) => [name, shape]), attributes: attrs });
    const averages = entries.filter(([name]) => name.startsWith('average'));
    return averages.map(([, { shape }], i) => fill(shape, i + 1));
  };
  registerKernel({ kernelName: 'VitrailEma', backendName: getBackend(), kernelFunc });
});

afterEach(() => {
  unregisterKernel('VitrailEma', 'cpu');
  calls.length = 0;
});

it('runs for the whole tree in place of the composition, pairing leaves by name', () => {
  const average = { a: { w: zeros([2, 3]) }, b: zeros([3]) };
  const current = { b: zeros([3]), a: { w: zeros([2, 3]) } };
  const next = emaUpdate(average, current, 0.75);
  expect(calls).toEqual([
    {
      inputs: [
        ['average0', [2, 3]],
        ['current0', [2, 3]],
        ['average1', [3]],
        ['current1', [3]],
      ],
      attributes: { momentum: 0.75 },
    },
  ]);
  expect(Object.keys(flattenTree(next))).toEqual(['a.w', 'b']);
  expectClose(next.a.w, Array(6).fill(1), 0);
  expectClose(next.b, [2, 2, 2], 0);
  expectNoLeak(() => Object.values(flattenTree<Tensor>(emaUpdate(average, current, 0.5))));
  disposeTree(average, current, next);
});

it('is not asked for trees with other numbers than float32', () => {
  const average = { a: sampleTensor([3]), steps: zeros([1], 'int32') };
  const next = emaUpdate(average, average, 0.5);
  expect(calls).toEqual([]);
  expectClose(next.a, average.a);
  disposeTree(average, next);
});

it('has a kernel name of our own', () => {
  expect(kernelNames).toEqual(['VitrailEma']);
});
