import {
  add,
  backend,
  engine,
  getBackend,
  getKernel,
  getKernelsForBackend,
  type KernelConfig,
  mean,
  memory,
  mul,
  registerKernel,
  scalar,
  setBackend,
  square,
  sub,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tensor2d,
  unregisterKernel,
  zeros,
} from '@tensorflow/tfjs-core';
import { flattenTree, type TensorTree } from '@vitrail/core';
import { type Activation, attention, gelu, kernelNames, layerNorm, linear, swiglu } from '@vitrail/ops';
import { expectClose, sampleTensor } from '@vitrail/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onTensorflow } from '../../backend/test/on-tensorflow.ts';
import { adamw } from '../../optim/src/index.ts';
import { composedPasses } from '../src/composed-passes.ts';
import { hasFusedOps } from '../src/fused-passes.ts';
import { registerTensorflowKernels } from '../src/index.ts';
import type { NodeBackend } from '../src/node-backend.ts';
import { products } from '../src/products.ts';
import { kernels } from '../src/register.ts';

/** An op, the shapes of what it is differentiated by, and the kernels that have to run. */
type Case = { op: (...inputs: Tensor[]) => Tensor; shapes: number[][]; kernels: string[] };

const activations: readonly Activation[] = ['gelu', 'gelu-tanh', 'quick-gelu', 'relu', 'silu'];
const mask = (rows: number[][]) => tensor2d(rows);
/** Any numbers will do: the op does not ask them to be a rotation. */
const rotary = (...shape: [number, number] | [number, number, number]) => ({
  cos: sampleTensor(shape, 8) as Tensor2D | Tensor3D,
  sin: sampleTensor(shape, 9) as Tensor2D | Tensor3D,
});

const linearKernels = ['VitrailLinear', 'VitrailLinearGrad'];
const attentionKernels = ['VitrailAttention', 'VitrailAttentionGrad'];
const cases: Record<string, Case> = {
  'linear [3, 5, 7] to 11': {
    op: (x, kernel, bias) => linear(x, { kernel, bias }),
    shapes: [[3, 5, 7], [7, 11], [11]],
    kernels: linearKernels,
  },
  'linear without a bias': {
    op: (x, kernel) => linear(x, { kernel }, 'gelu'),
    shapes: [
      [13, 4],
      [4, 3],
    ],
    kernels: linearKernels,
  },
  'linear of one row and one column': {
    op: (x, kernel, bias) => linear(x, { kernel, bias }),
    shapes: [[1, 1], [1, 1], [1]],
    kernels: linearKernels,
  },
  ...Object.fromEntries(
    activations.map((activation): [string, Case] => [
      `linear with ${activation}`,
      {
        op: (x, kernel, bias) => linear(x, { kernel, bias }, activation),
        shapes: [[2, 3, 5], [5, 9], [9]],
        kernels: linearKernels,
      },
    ]),
  ),
  gelu: { op: (x) => gelu(x), shapes: [[3, 1, 17]], kernels: ['VitrailActivation', 'VitrailActivationGrad'] },
  'gelu by tanh': {
    op: (x) => gelu(x, { approximate: 'tanh' }),
    shapes: [[19]],
    kernels: ['VitrailActivation', 'VitrailActivationGrad'],
  },
  'layer norm [2, 3, 13]': {
    op: (x, scale, bias) => layerNorm(x, { scale, bias }, 1e-3),
    shapes: [[2, 3, 13], [13], [13]],
    kernels: ['VitrailLayerNorm', 'VitrailLayerNormGrad'],
  },
  'layer norm of many rows, in parts': {
    op: (x, scale, bias) => layerNorm(x, { scale, bias }),
    shapes: [[701, 65], [65], [65]],
    kernels: ['VitrailLayerNorm', 'VitrailLayerNormGrad'],
  },
  'linear with gelu of many rows, in parts': {
    op: (x, kernel, bias) => linear(x, { kernel, bias }, 'gelu'),
    shapes: [[701, 3], [3, 65], [65]],
    kernels: linearKernels,
  },
  'attention of many tokens, in parts': {
    op: (qkv) => attention(qkv as Tensor3D, { heads: 2 }),
    shapes: [[3, 97, 12]],
    kernels: attentionKernels,
  },
  'attention, 5 tokens': {
    op: (qkv) => attention(qkv as Tensor3D, { heads: 2 }),
    shapes: [[3, 5, 18]],
    kernels: attentionKernels,
  },
  'attention, one token': {
    op: (qkv) => attention(qkv as Tensor3D, { heads: 1 }),
    shapes: [[1, 1, 6]],
    kernels: attentionKernels,
  },
  'attention, padding, and a sample that is all padding': {
    op: (qkv) => attention(qkv as Tensor3D, { heads: 3, keyMask: mask([[1, 1, 0], [0, 0, 0]]) }), // biome-ignore format: a table
    shapes: [[2, 3, 18]],
    kernels: attentionKernels,
  },
  'attention, causal': {
    op: (qkv) => attention(qkv as Tensor3D, { heads: 2, causal: true }),
    shapes: [[2, 7, 12]],
    kernels: attentionKernels,
  },
  'attention, rotary, causal and masked': {
    op: (qkv) =>
      attention(qkv as Tensor3D, { heads: 2, causal: true, rotary: rotary(3, 4), keyMask: mask([[1, 1, 1], [1, 0, 1]]) }), // biome-ignore format: a table
    shapes: [[2, 3, 24]],
    kernels: attentionKernels,
  },
  'attention, rotary by sample': {
    op: (qkv) => attention(qkv as Tensor3D, { heads: 2, rotary: rotary(2, 3, 4) }),
    shapes: [[2, 3, 24]],
    kernels: attentionKernels,
  },
};

/** Value and gradients on the current backend, as numbers, with an irregular cotangent. */
function differentiate({ op, shapes }: Case): Float32Array[] {
  const run = () => {
    const inputs = shapes.map((shape, i) => sampleTensor(shape as [number], i + 1));
    const { value, grads } = engine().gradients(() => op(...inputs), inputs, sampleTensor(op(...inputs).shape as [number], 7));
    return [value, ...grads].map((tensor) => tensor.dataSync() as Float32Array);
  };
  // Numbers, not tensors, come out: a tidy hands on whatever it does not know.
  return engine().tidy(run as () => never);
}

function replaceKernels(configs: readonly KernelConfig[]): void {
  for (const config of configs) {
    unregisterKernel(config.kernelName, 'tensorflow');
    registerKernel(config);
  }
}

/** Runs `f` and returns the names of the Vitrail kernels that ran, by watching them. */
function kernelsRunBy(f: () => void, names: readonly string[] = kernelNames): string[] {
  const ran = new Set<string>();
  const watched = names.flatMap((name) => getKernel(name, 'tensorflow') ?? []);
  replaceKernels(
    watched.map((config) => ({
      ...config,
      kernelFunc: (call) => {
        ran.add(config.kernelName);
        return config.kernelFunc(call);
      },
    })),
  );
  try {
    f();
  } finally {
    replaceKernels(watched);
  }
  return [...ran].sort();
}

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
      replaceKernels(kernels.map((kernel) => kernel(tools)));
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

/** Three steps of gradient descent on one transformer block: the losses, and the parameters after them. */
function train(): { losses: number[]; params: Float32Array[] } {
  const [width, heads] = [12, 3];
  const shapes = [[width], [width], [width, 36], [36], [width, width], [width], [width, 24], [24], [24, width]];
  const losses: number[] = [];
  const run = () => {
    const x: Tensor3D = sampleTensor([2, 6, width], 20);
    let params = shapes.map((shape, i) => mul(sampleTensor(shape as [number], i + 1), 0.3));
    for (let step = 0; step < 3; step++) {
      const { value, grads } = engine().gradients(() => blockLoss(x, params, heads), params);
      losses.push(value.dataSync()[0] as number);
      params = params.map((param, i) => sub(param, mul(grads[i] as Tensor, 0.1)));
    }
    return params.map((param) => param.dataSync() as Float32Array);
  };
  // Numbers, not tensors, come out: a tidy hands on whatever it does not know.
  const params = engine().tidy(run as () => never);
  return { losses, params };
}

function blockLoss(x: Tensor3D, params: readonly Tensor[], heads: number): Tensor {
  const [scale, bias, qkv, qkvBias, proj, projBias, fc1, fc1Bias, fc2] = params as [Tensor, Tensor, Tensor, ...Tensor[]];
  const mixed = attention(linear(layerNorm(x, { scale, bias }), { kernel: qkv, bias: qkvBias }) as Tensor3D, { heads });
  const attended = add(x, linear(mixed, { kernel: proj as Tensor, bias: projBias }));
  const hidden = linear(attended, { kernel: fc1 as Tensor, bias: fc1Bias }, 'gelu');
  return mean(square(add(attended, linear(hidden, { kernel: fc2 as Tensor }))));
}

/** The parameters and the state after three updates of three parameters, one of them without weight decay, one long enough for parts. */
function optimise(isScaled: boolean): Float32Array[] {
  const optimizer = adamw({ learningRate: (step) => 0.1 / (step + 1), weightDecay: 0.05, decays: (path) => path !== 'bias' });
  const run = () => {
    const params = { kernel: sampleTensor([211, 97], 1), bias: sampleTensor([7], 2), scale: sampleTensor([1], 3) };
    const grads = { kernel: sampleTensor([211, 97], 4), bias: sampleTensor([7], 5), scale: sampleTensor([1], 6) };
    const gradientScale = isScaled ? scalar(0.3) : undefined;
    let current: { params: TensorTree; state: TensorTree } = { params, state: optimizer.init(params) };
    for (let step = 0; step < 3; step++) current = optimizer.update(grads, current.state, current.params, step, gradientScale);
    return Object.values(flattenTree<Tensor>(current)).map((tensor) => tensor.dataSync() as Float32Array);
  };
  return engine().tidy(run as () => never);
}
