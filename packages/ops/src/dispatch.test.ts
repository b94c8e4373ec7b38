import {
  clone,
  customGrad,
  engine,
  fill,
  getBackend,
  grads,
  type KernelFunc,
  memory,
  ones,
  type Rank,
  registerKernel,
  sum,
  type Tensor,
  type Tensor3D,
  type TensorInfo,
  tensor1d,
  tidy,
  unregisterKernel,
  zeros,
} from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, sampleTensor } from '@vitrail/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { attention, gelu, type KernelName, kernelNames, layerNorm, linear, takeRows } from './index.ts';

type Call = { name: KernelName; inputs: string[]; attributes: unknown };
const calls: Call[] = [];
const registered: KernelName[] = [];

/** A kernel that notes how it was called and returns tensors of the given shapes, filled with 1, 2, 3, ... */
function fakeKernel(name: KernelName, shapes: (inputs: Record<string, TensorInfo>) => number[][]): void {
  const kernelFunc: KernelFunc = ({ inputs, attrs }) => {
    const present = inputs as Record<string, TensorInfo>;
    calls.push({ name, inputs: Object.keys(present), attributes: attrs });
    return shapes(present).map((shape, i) => fill(shape, i + 1));
  };
  registerKernel({ kernelName: name, backendName: getBackend(), kernelFunc });
  registered.push(name);
}

afterEach(() => {
  for (const name of registered.splice(0)) unregisterKernel(name, 'cpu');
  calls.length = 0;
});

describe('a kernel registered for the current backend', () => {
  it('runs in place of the composition, with the names, inputs and attributes of the table in the README', () => {
    fakeKernel('VitrailLayerNorm', ({ x }) => [x.shape, [x.shape[0], 1], [x.shape[0], 1]]);
    tidy(() => {
      const y = layerNorm(zeros([2, 3, 5]), { scale: ones([5]), bias: zeros([5]) }, 0.25);
      expect(y.shape).toEqual([2, 3, 5]);
      expectClose(y, ones([2, 3, 5]));
    });
    expect(calls).toEqual([{ name: 'VitrailLayerNorm', inputs: ['x', 'scale', 'bias'], attributes: { epsilon: 0.25 } }]);
  });

  it('may serve the backward pass only, and gets what the composition saved', () => {
    fakeKernel('VitrailLayerNormGrad', ({ dy, scale }) => [dy.shape, scale.shape, scale.shape]);
    tidy(() => {
      const op = (x: Tensor, scale: Tensor, bias: Tensor) => layerNorm(x, { scale, bias });
      const [dx, dScale, dBias] = grads(op)([sampleTensor([4, 5]), ones([5]), zeros([5])]);
      expectClose(dx, fill([4, 5], 1));
      expectClose(dScale, fill([5], 2));
      expectClose(dBias, fill([5], 3));
    });
    expect(calls).toEqual([
      { name: 'VitrailLayerNormGrad', inputs: ['dy', 'x', 'scale', 'mean', 'inverseDeviation'], attributes: {} },
    ]);
  });

  it('serves an op of which another op is composed', () => {
    fakeKernel('VitrailActivation', ({ x }) => [x.shape]);
    tidy(() => expectClose(linear(zeros([2, 3]), { kernel: zeros([3, 4]) }, 'silu'), ones([2, 4])));
    tidy(() => expectClose(gelu(zeros([1])), [1]));
    expect(calls.map((call) => call.attributes)).toEqual([{ kind: 'silu' }, { kind: 'gelu' }]);
  });

  it('leaves out inputs that the caller left out', () => {
    fakeKernel('VitrailAttention', ({ qkv: { shape } }) => [
      [shape[0], shape[1], shape[2] / 3],
      [2, shape[0], shape[1]],
    ]);
    tidy(() => {
      const qkv = zeros<Rank.R3>([1, 3, 12]);
      attention(qkv, { heads: 2 });
      attention(qkv, {
        heads: 2,
        keyMask: ones([1, 3]),
        rotary: { cos: ones<Rank.R2>([3, 2]), sin: zeros<Rank.R2>([3, 2]) },
        causal: true,
      });
    });
    expect(calls.map((call) => call.inputs)).toEqual([['qkv'], ['qkv', 'keyMask', 'cos', 'sin']]);
    expect(calls.map((call) => call.attributes)).toEqual([
      { heads: 2, causal: false },
      { heads: 2, causal: true },
    ]);
  });

  it('is not asked for inputs of other types than float32, but for indices and masks', () => {
    fakeKernel('VitrailActivation', ({ x }) => [x.shape]);
    fakeKernel('VitrailTakeRows', ({ table, rows }) => [[rows.shape[0], table.shape[1]]]);
    fakeKernel('VitrailAttention', ({ qkv: { shape } }) => [
      [shape[0], shape[1], shape[2] / 3],
      [2, shape[0], shape[1]],
    ]);
    tidy(() => {
      const rows = tensor1d([1], 'int32');
      const mask = ones<Rank.R2>([1, 3], 'bool');
      for (const type of ['int32', 'bool'] as const) {
        expectClose(gelu(zeros([3], type)), [0, 0, 0]);
        expectClose(takeRows(ones([2, 3], type), rows), [1, 1, 1]);
        expectClose(attention(zeros([1, 3, 12], type), { heads: 2, keyMask: mask }), Array(12).fill(0));
      }
      expect(calls).toEqual([]);
      expectClose(takeRows(zeros([2, 3]), rows), [1, 1, 1]);
      expectClose(attention(zeros([1, 3, 12]), { heads: 2, keyMask: mask }), Array(12).fill(1));
    });
    expect(calls.map(({ name }) => name)).toEqual(['VitrailTakeRows', 'VitrailAttention']);
  });

  it('may leave inputs to the composition, by giving nothing', () => {
    fakeKernel('VitrailLayerNorm', () => []);
    fakeKernel('VitrailLayerNormGrad', () => []);
    tidy(() => {
      const op = (x: Tensor) => layerNorm(x, { scale: ones([2]), bias: zeros([2]) }, 0);
      expectClose(op(tensor1d([1, 3])), [-1, 1]);
      expectGradient(op, [sampleTensor([3, 2])]);
    });
    expect(calls.map(({ name }) => name)).toContain('VitrailLayerNormGrad');
  });

  it('is not asked for on another backend', () => {
    const kernelFunc: KernelFunc = () => expect.fail('the kernel of another backend ran');
    registerKernel({ kernelName: 'VitrailActivation', backendName: 'elsewhere', kernelFunc });
    tidy(() => expectClose(gelu(zeros([3])), [0, 0, 0]));
    unregisterKernel('VitrailActivation', 'elsewhere');
  });
});

describe('an op', () => {
  it('is one entry on the gradient tape, so that backward is one dispatch too', () => {
    tidy(() => {
      const x = sampleTensor([2, 3, 12]);
      engine().gradients(() => {
        const y = attention(x as Tensor3D, { heads: 2 });
        // The other entries are the copies that tfjs makes of what is saved.
        expect(engine().state.activeTape.filter(({ saved }) => saved && saved.length > 0)).toHaveLength(1);
        return y;
      }, [x]);
    });
  });

  it('has a kernel name of our own, each once', () => {
    expect(new Set(kernelNames).size).toBe(kernelNames.length);
    for (const name of kernelNames) expect(name).toMatch(/^Vitrail[A-Z]/);
  });
});

describe('differentiable', () => {
  it('leaves nothing of a backward function alive while the backward pass goes on', () => {
    // Tensors alive when the backward pass arrives at the input of a chain of activations.
    const aliveAfter = (length: number) => {
      const x = sampleTensor<Rank.R2>([4, 4]);
      let alive = 0;
      const probe = customGrad<Tensor>((...args) => {
        const [input] = args as Tensor[];
        return {
          value: clone(input),
          gradFunc: (dy) => {
            alive = memory().numTensors;
            return dy;
          },
        };
      });
      const before = memory().numTensors;
      const { value, grads } = engine().gradients(() => {
        let y = probe(x);
        for (let i = 0; i < length; i++) y = gelu(y, { approximate: 'tanh' });
        return sum(y);
      }, [x]);
      for (const tensor of [value, ...grads, x]) tensor.dispose();
      return alive - before;
    };
    // What is there per activation: its output and the input it saved, and its gradient. Left to tfjs there are ten more.
    expect((aliveAfter(12) - aliveAfter(4)) / 8).toBeLessThanOrEqual(4);
  });
});
