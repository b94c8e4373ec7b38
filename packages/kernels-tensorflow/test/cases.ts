import { type Tensor, type Tensor2D, type Tensor3D, tensor2d } from '@tensorflow/tfjs-core';
import { type Activation, attention, gelu, layerNorm, linear, residualLinear } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';

/** An op, the shapes of what it is differentiated by, and the kernels that have to run. */
export type Case = { op: (...inputs: Tensor[]) => Tensor; shapes: number[][]; kernels: string[] };

export const activations: readonly Activation[] = ['gelu', 'gelu-tanh', 'quick-gelu', 'relu', 'silu'];
const mask = (rows: number[][]) => tensor2d(rows);
/** Any numbers will do: the op does not ask them to be a rotation. */
const rotary = (...shape: [number, number] | [number, number, number]) => ({
  cos: sampleTensor(shape, 8) as Tensor2D | Tensor3D,
  sin: sampleTensor(shape, 9) as Tensor2D | Tensor3D,
});

const linearKernels = ['VitrailLinear', 'VitrailLinearGrad'];
const attentionKernels = ['VitrailAttention', 'VitrailAttentionGrad'];
export const cases: Record<string, Case> = {
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
  'linear added to a residual': {
    op: (x, kernel, bias, residual) => residualLinear(x, { kernel, bias }, residual),
    shapes: [[3, 5, 7], [7, 11], [11], [3, 5, 11]],
    kernels: linearKernels,
  },
  'linear without a bias, added to a residual': {
    op: (x, kernel, residual) => residualLinear(x, { kernel }, residual),
    shapes: [
      [13, 4],
      [4, 3],
      [13, 3],
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
