import {
  add,
  div,
  matMul,
  mean,
  mul,
  reshape,
  softmax,
  split,
  sqrt,
  square,
  sub,
  type Tensor,
  type Tensor3D,
  type Tensor4D,
  tanh,
  tidy,
  transpose,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { flattenTree, type TensorTree, unflattenTree, VitrailError } from '@vitrail/core';
import type { LinearParams } from '@vitrail/ops';
import type { Optimizer } from '@vitrail/optim';
import type { BlockParams } from '@vitrail/vit';
import type { Model } from './model.ts';

/**
 * As one writes it who knows tfjs and nothing else: `matMul` with its flags for transposed operands, its `softmax`, a layer norm of means
 * and squares, GELU by its formula, AdamW by element-wise ops. All gradients are those of tfjs.
 */
export const stockModel: Model = {
  product: (a, b, transposeA, transposeB) => matMul(a, b, transposeA, transposeB),
  attention,
  layerNorm,
  vit(params, patches, keep, heads) {
    if (keep) {
      throw new VitrailError(
        'unavailable',
        'tfjs has no gradient of gather on wasm (UnsortedSegmentSum), so tokens cannot be dropped',
      );
    }
    const tokens = add(linear(patches, params.patchEmbed), params.position) as Tensor3D;
    const mixed = Object.values(params.blocks).reduce((x, block) => applyBlock(block, x, heads), tokens);
    return layerNorm(mixed, params.norm) as Tensor3D;
  },
  optimizer: adamw,
};

function applyBlock({ norm1, attn, norm2, mlp }: BlockParams, x: Tensor3D, heads: number): Tensor3D {
  if (!('fc1' in mlp)) throw new VitrailError('invalid-argument', 'the block of this benchmark has an MLP of two layers');
  const qkv = linear(layerNorm(x, norm1), attn.qkv) as Tensor3D;
  const attended = add(x, linear(attention(qkv, heads), attn.proj));
  return add(attended, linear(gelu(linear(layerNorm(attended, norm2), mlp.fc1)), mlp.fc2));
}

/** `[..., I] -> [..., O]`, flattened, because tfjs has no gradient of a product whose operands differ in rank. */
function linear(x: Tensor, { kernel, bias }: LinearParams): Tensor {
  const [inputs, outputs] = kernel.shape;
  const y = matMul(reshape(x, [-1, inputs]), kernel);
  return reshape(bias ? add(y, bias) : y, [...x.shape.slice(0, -1), outputs]);
}

function attention(qkv: Tensor3D, heads: number): Tensor3D {
  const [batch, tokens, packed] = qkv.shape;
  const width = packed / 3;
  const [q, k, v] = split(qkv, 3, 2).map(
    (part): Tensor4D => transpose(reshape(part, [batch, tokens, heads, width / heads]), [0, 2, 1, 3]),
  ); // [B, heads, N, headSize] each
  const weights = softmax(mul(matMul(q, k, false, true), Math.sqrt(heads / width)));
  return reshape(transpose(matMul(weights, v), [0, 2, 1, 3]), [batch, tokens, width]);
}

function layerNorm(x: Tensor, { scale, bias }: { scale: Tensor; bias: Tensor }): Tensor {
  const centred = sub(x, mean(x, -1, true));
  const variance = mean(square(centred), -1, true);
  return add(mul(div(centred, sqrt(add(variance, 1e-6))), scale), bias);
}

function gelu(x: Tensor): Tensor {
  const argument = mul(add(x, mul(mul(square(x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return mul(mul(x, 0.5), add(tanh(argument), 1));
}

function adamw({ learningRate, weightDecay }: { learningRate: number; weightDecay: number }): Optimizer {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  return {
    init(params) {
      const zeros = () => unflattenTree(mapValues(flattenTree<Tensor>(params), (param) => zerosLike(param)));
      return { firstMoment: zeros(), secondMoment: zeros() };
    },
    update: (grads, state, params, step) =>
      tidy(() => {
        const flatGrads = flattenTree<Tensor>(grads);
        const first = mapValues(flattenTree<Tensor>(state.firstMoment as TensorTree), (m, path) =>
          add(mul(m, beta1), mul(flatGrads[path], 1 - beta1)),
        );
        const second = mapValues(flattenTree<Tensor>(state.secondMoment as TensorTree), (v, path) =>
          add(mul(v, beta2), mul(square(flatGrads[path]), 1 - beta2)),
        );
        const updated = mapValues(flattenTree<Tensor>(params), (param, path) => {
          const m = div(first[path], 1 - beta1 ** (step + 1));
          const v = div(second[path], 1 - beta2 ** (step + 1));
          const decayed = mul(param, 1 - learningRate * weightDecay);
          return sub(decayed, mul(div(m, add(sqrt(v), epsilon)), learningRate));
        });
        return {
          params: unflattenTree(updated),
          state: { firstMoment: unflattenTree(first), secondMoment: unflattenTree(second) },
        };
      }),
  };
}

function mapValues(flat: Record<string, Tensor>, transform: (value: Tensor, path: string) => Tensor): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(flat).map(([path, value]) => [path, transform(value, path)]));
}
