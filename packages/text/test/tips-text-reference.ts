import { concat, reshape, type Tensor, type Tensor2D, tensor, tensor2d, transpose } from '@tensorflow/tfjs-core';
import { unflattenTree } from '@vitrail/core';
import reference from '../fixtures/tips-text.json' with { type: 'json' };
import type { TextConfig, TextParams } from '../src/text.ts';

/** The tower of `fixtures/make_tips_text.py`, its inputs and what transformers makes of them. Made for a tidy. */
export function tipsTextReference() {
  const config: TextConfig = { depth: 2, heads: 3, width: 12, mlpHidden: 20, maxTokens: 7, vocabularySize: 20 };
  const weights = new Map(Object.entries(reference.names).map(([name, shape], p) => [name, referenceWeight(name, shape, p)]));
  const { ids, lengths } = reference;
  return {
    config,
    params: fromTransformers(weights),
    ids: tensor2d(ids, undefined, 'int32'),
    padding: tensor2d(lengths.map((length) => Array.from({ length: 7 }, (_, i) => (i < length ? 0 : 1)))),
    lengths,
    tokens: reference.tokens,
    pooled: reference.pooled,
  };
}

function referenceWeight(name: string, shape: readonly number[], p: number): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const offset = name.includes('norm') && name.endsWith('weight') ? 1 : 0;
  return tensor(
    Float32Array.from({ length: size }, (_, k) => 0.3 * Math.sin(1.3 * k + 0.7 * p) + offset),
    [...shape],
  );
}

function fromTransformers(weights: ReadonlyMap<string, Tensor>): TextParams {
  const get = (name: string): Tensor => {
    const weight = weights.get(name);
    if (!weight) throw new Error(`the reference has no ${name}`);
    return weight;
  };
  const linear = (name: string) => ({ kernel: transpose(get(`${name}.weight`)), bias: get(`${name}.bias`) });
  const norm = (name: string) => ({ scale: get(`${name}.weight`), bias: get(`${name}.bias`) });
  const flat: Record<string, Tensor> = {};
  for (const i of [0, 1]) {
    const [from, to] = [`encoder.layers.${i}`, `blocks.${i}`];
    const parts = ['q_proj', 'k_proj', 'v_proj'].map((part) => linear(`${from}.self_attn.${part}`));
    const layers = {
      norm1: norm(`${from}.layer_norm1`),
      norm2: norm(`${from}.layer_norm2`),
      'attn.qkv': {
        kernel: concat(
          parts.map(({ kernel }) => kernel),
          1,
        ),
        bias: concat(parts.map(({ bias }) => bias)),
      },
      'attn.proj': linear(`${from}.self_attn.out_proj`),
      'mlp.fc1': linear(`${from}.mlp.fc1`),
      'mlp.fc2': linear(`${from}.mlp.fc2`),
    };
    for (const [layer, params] of Object.entries(layers)) {
      for (const [name, value] of Object.entries(params)) flat[`${to}.${layer}.${name}`] = value;
    }
  }
  const embedding = get('embeddings.token_embedding.weight');
  const { blocks } = unflattenTree(flat) as Pick<TextParams, 'blocks'>;
  return { tokenEmbedding: reshape(embedding, [20, 12]) as Tensor2D, blocks, norm: norm('final_layer_norm') };
}
