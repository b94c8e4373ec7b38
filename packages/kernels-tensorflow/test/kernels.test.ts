import {
  backend,
  getBackend,
  getKernel,
  getKernelsForBackend,
  type KernelConfig,
  memory,
  registerKernel,
  setBackend,
  type Tensor,
  tensor2d,
  unregisterKernel,
  zeros,
} from '@tensorflow/tfjs-core';
import { kernelNames, linear, swiglu } from '@vitrail/ops';
import { expectClose } from '@vitrail/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onTensorflow } from '../../backend/test/on-tensorflow.ts';
import { composedPasses } from '../src/composed-passes.ts';
import { hasFusedOps } from '../src/fused-passes.ts';
import { registerTensorflowKernels } from '../src/index.ts';
import type { NodeBackend } from '../src/node-backend.ts';
import { products } from '../src/products.ts';
import { kernels } from '../src/register.ts';
import { activations, type Case, cases } from './cases.ts';
import { optimise, train } from './training.ts';
import { differentiate, kernelsRunBy, replaceKernels } from './watch-kernels.ts';

onTensorflow('kernels', () => {
  it('are registered once, and leave those of another package', () => {
    const count = () => getKernelsForBackend('tensorflow').length;
    const before = count();
    registerTensorflowKernels();
    expect(count()).toBe(before);
    const own = getKernel('VitrailLayerNorm', 'tensorflow') as KernelConfig;
    const other: KernelConfig = { ...own, kernelFunc: () => [] };
    unregisterKernel(own.kernelName, 'tensorflow');
    registerKernel(other);
    registerTensorflowKernels();
    expect(getKernel(own.kernelName, 'tensorflow')).toBe(other);
    unregisterKernel(own.kernelName, 'tensorflow');
    registerKernel(own);
  });

  it('run on the backend that is there when they are called, not on the one that was there first', () => {
    const first = backend() as unknown as NodeBackend;
    const ran: string[] = [];
    const second = Object.create(first, {
      executeSingleOutput: {
        value: (...call: Parameters<NodeBackend['executeSingleOutput']>) => {
          ran.push(call[0]);
          return first.executeSingleOutput(...call);
        },
      },
    });
    const [x, kernel] = [zeros([2, 3]), zeros([3, 4])];
    const config = getKernel('VitrailLinear', 'tensorflow') as KernelConfig;
    const [y] = config.kernelFunc({ inputs: { x, kernel }, attrs: {}, backend: second }) as Tensor[];
    expect(ran).toContain('MatMul');
    for (const tensor of [x, kernel, y]) tensor.dispose();
  });

  it('have their fused ops, which the set-up compiles', () => {
    expect(hasFusedOps(backend() as unknown as NodeBackend)).toBe(true);
  });

  describe.each(['fused', 'composed'])('by %s passes', (passes) => {
    const own: KernelConfig[] = [];
    beforeAll(() => {
      if (passes === 'fused') return;
      own.push(...kernelNames.flatMap((name) => getKernel(name, 'tensorflow') ?? []));
      const node = backend() as unknown as NodeBackend;
      const tools = { backend: node, products: products(node), passes: composedPasses(products(node)) };
      replaceKernels(kernels.map((kernel) => kernel(() => tools)));
    });
    afterAll(() => replaceKernels(own));

    it.each(Object.entries(cases))('%s: the value and the gradients of the composition on cpu', async (_, example) => {
      const before = memory().numTensors;
      let results: Float32Array[] = [];
      const ran = kernelsRunBy(() => {
        results = differentiate(example);
      });
      expect(ran).toEqual([...example.kernels].sort());
      expect(memory().numTensors, 'tensors alive').toBe(before);
      await setBackend('cpu');
      const expected = differentiate(example);
      await setBackend('tensorflow');
      expect(results.length).toBe(expected.length);
      for (const [i, values] of results.entries()) expectClose(values, expected[i] as Float32Array, 5e-5);
    });

    it('pass on what is not a number', () => {
      for (const activation of activations) {
        const x = tensor2d([[Number.NaN, 1]]);
        const kernel = tensor2d([[1, 0], [0, 1]]); // biome-ignore format: a matrix
        const bias = zeros([2]);
        const y = linear(x, { kernel, bias }, activation);
        expect(y.dataSync()[0], activation).toBeNaN();
        for (const tensor of [x, kernel, bias, y]) tensor.dispose();
      }
    });
  });

  it('of swiglu give the value and the gradients of the composition on cpu', async () => {
    const kernels = ['VitrailSwiglu', 'VitrailSwigluGrad'];
    const example: Case = { op: (gate, value) => swiglu(gate, value), shapes: [[3, 7, 1009], [3, 7, 1009]], kernels }; // biome-ignore format: one line
    let results: Float32Array[] = [];
    const ran = kernelsRunBy(() => {
      results = differentiate(example);
    });
    expect(ran).toEqual(kernels);
    await setBackend('cpu');
    const expected = differentiate(example);
    await setBackend('tensorflow');
    for (const [i, values] of results.entries()) expectClose(values, expected[i] as Float32Array, 1e-5);
  });

  it('give the same bits every time, whatever the threads do', () => {
    const example = cases['layer norm of many rows, in parts'] as Case;
    const first = differentiate(example);
    for (let i = 0; i < 5; i++) expect(differentiate(example)).toEqual(first);
  });

  it.each([false, true])('update as the optimiser does by itself, gradients scaled: %s', async (isScaled) => {
    const onTensorflowBackend = optimise(isScaled);
    expect(kernelsRunBy(() => optimise(isScaled), ['VitrailAdamW'])).toEqual(['VitrailAdamW']);
    await setBackend('cpu');
    const onCpu = optimise(isScaled);
    await setBackend('tensorflow');
    for (const [i, values] of onTensorflowBackend.entries()) expectClose(values, onCpu[i] as Float32Array, 1e-6);
  });

  it('train as the cpu backend does', async () => {
    const onTensorflowBackend = train();
    expect(getBackend()).toBe('tensorflow');
    await setBackend('cpu');
    const onCpu = train();
    await setBackend('tensorflow');
    expect(onTensorflowBackend.losses[2]).toBeLessThan(onTensorflowBackend.losses[0] as number);
    expectClose(onTensorflowBackend.losses, onCpu.losses, 1e-4);
    for (const [i, values] of onTensorflowBackend.params.entries()) expectClose(values, onCpu.params[i] as Float32Array, 1e-4);
  });
});
