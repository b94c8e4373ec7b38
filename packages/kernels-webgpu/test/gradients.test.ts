import {
  matMul,
  ones,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tensor1d,
  tensor2d,
} from '@tensorflow/tfjs-core';
import {
  attention,
  gelu,
  l2Normalize,
  layerNorm,
  linear,
  putTokens,
  residualLinear,
  softTargetCrossEntropy,
  swiglu,
  takeRows,
  takeTokens,
} from '@vitrail/ops';
import { expectGradientAsync, sampleTensor, tidyAsync } from '@vitrail/testing';
import { describe, it } from 'vitest';
import { onWebGpu } from './on-webgpu.ts';

/** An op of its differentiable inputs, and the shapes of these. */
type Case = readonly [name: string, shapes: readonly number[][], op: (...inputs: Tensor[]) => Tensor];

const tokens = 5;
const rotary = () => ({ cos: sampleTensor([tokens, 6], 3) as Tensor2D, sin: sampleTensor([tokens, 6], 4) as Tensor2D });
const keyMask = () => tensor2d([1, 1, 0, 1, 1], [1, tokens]);

// biome-ignore format: rows of a table
const cases: readonly Case[] = [
  ['linear', [[3, 5], [5, 4]], (x, kernel) => linear(x, { kernel: kernel as Tensor2D })],
  ['linear with bias', [[3, 5], [5, 4], [4]], (x, kernel, bias) => linear(x, { kernel: kernel as Tensor2D, bias: bias as Tensor1D })],
  ...(['gelu', 'gelu-tanh', 'quick-gelu', 'silu'] as const).map((kind): Case =>
    [`linear with ${kind}`, [[3, 5], [5, 4], [4]], (x, kernel, bias) => linear(x, { kernel: kernel as Tensor2D, bias: bias as Tensor1D }, kind)]),
  ['gelu', [[3, 7]], (x) => gelu(x)],
  ['gelu-tanh', [[3, 7]], (x) => gelu(x, { approximate: 'tanh' })],
  ['linear with residual', [[3, 5], [5, 4], [4], [3, 4]], (x, kernel, bias, residual) => residualLinear(x, { kernel: kernel as Tensor2D, bias: bias as Tensor1D }, residual)],
  ['matMul', [[2, 3, 5], [2, 5, 4]], (a, b) => matMul(a, b)],
  ['matMul, a transposed', [[2, 5, 3], [2, 5, 4]], (a, b) => matMul(a, b, true, false)],
  ['matMul, b transposed', [[2, 3, 5], [2, 4, 5]], (a, b) => matMul(a, b, false, true)],
  ['matMul, both transposed', [[2, 5, 3], [2, 4, 5]], (a, b) => matMul(a, b, true, true)],
  ['attention with mask and rotary', [[1, tokens, 36]], (qkv) => attention(qkv as Tensor3D, { heads: 2, keyMask: keyMask(), rotary: rotary() })],
  ['causal attention with mask and rotary', [[1, tokens, 36]], (qkv) => attention(qkv as Tensor3D, { heads: 2, causal: true, keyMask: ones([1, tokens]), rotary: rotary() })],
  ['layerNorm', [[3, 7], [7], [7]], (x, scale, bias) => layerNorm(x, { scale: scale as Tensor1D, bias: bias as Tensor1D })],
  ['swiglu', [[3, 7], [3, 7]], (gate, value) => swiglu(gate, value)],
  ['softTargetCrossEntropy', [[5, 4], [4, 9]], (features, prototypes) => softTargetCrossEntropy(
    { features: features as Tensor2D, prototypes: prototypes as Tensor2D, temperature: 0.5 },
    { features: sampleTensor([5, 3], 7) as Tensor2D, prototypes: sampleTensor([3, 9], 8) as Tensor2D, temperature: 0.4, center: sampleTensor([9], 9) as Tensor1D },
    { chunkTokens: 2 },
  )],
  ['l2Normalize', [[4, 6]], (x) => l2Normalize(x)],
  ['takeRows', [[4, 3]], (table) => takeRows(table as Tensor2D, tensor1d([3, 0, 3, 1, 3], 'int32'))],
  ['takeTokens', [[2, 4, 3]], (x) => takeTokens(x as Tensor3D, tensor2d([[3, 0], [1, 2]], undefined, 'int32'))],
  ['putTokens', [[2, 4, 3], [2, 2, 3]], (base, values) => putTokens(base as Tensor3D, values as Tensor3D, tensor2d([[3, 0], [1, 2]], undefined, 'int32'))],
];

describe('the gradient of', { timeout: 240_000 }, () => {
  onWebGpu(
    () => {
      it.each(cases)('%s is that of its value', async (_, shapes, op) => {
        await tidyAsync(async () => {
          const inputs = shapes.map((shape, i) => sampleTensor(shape, i + 1));
          await expectGradientAsync(op, inputs, { coordinates: 7 });
        });
      });
    },
    { precisions: ['f32'] },
  );
});
