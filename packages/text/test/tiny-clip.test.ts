import {
  matMul,
  mul,
  reshape,
  slice,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensor,
  tensor2d,
  tensor4d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { l2Normalize } from '@vitrail/ops';
import { expectClose, onBackend } from '@vitrail/testing';
import { applyClipVit, type ClipVitConfig, type ClipVitParams } from '@vitrail/vit';
import { expect, it } from 'vitest';
import { applyClipText, type ClipTextConfig, type ClipTextParams } from '../src/clip-text.ts';

/** A whole CLIP of 62 parameters whose outputs the specification gives, computed in float64 with OpenAI's model. */
const vision = { imageSize: 8, patchSize: 2, width: 128, depth: 2, heads: 2, embedding: 6 };
const text = { maxTokens: 8, vocabularySize: 20, width: 128, depth: 2, heads: 2, embedding: 6 };

/** Names and shapes as in OpenAI's state dict. */
function openAiShapes(): Record<string, number[]> {
  const transformer = (prefix: string, width: number) =>
    Object.fromEntries(
      [0, 1].flatMap((i) => {
        const block = `${prefix}transformer.resblocks.${i}`;
        return [
          [`${block}.ln_1.weight`, [width]],
          [`${block}.ln_1.bias`, [width]],
          [`${block}.ln_2.weight`, [width]],
          [`${block}.ln_2.bias`, [width]],
          [`${block}.attn.in_proj_weight`, [3 * width, width]],
          [`${block}.attn.in_proj_bias`, [3 * width]],
          [`${block}.attn.out_proj.weight`, [width, width]],
          [`${block}.attn.out_proj.bias`, [width]],
          [`${block}.mlp.c_fc.weight`, [4 * width, width]],
          [`${block}.mlp.c_fc.bias`, [4 * width]],
          [`${block}.mlp.c_proj.weight`, [width, 4 * width]],
          [`${block}.mlp.c_proj.bias`, [width]],
        ];
      }),
    );
  return {
    logit_scale: [],
    positional_embedding: [8, 128],
    text_projection: [128, 6],
    'token_embedding.weight': [20, 128],
    'ln_final.weight': [128],
    'ln_final.bias': [128],
    ...transformer('', 128),
    'visual.class_embedding': [128],
    'visual.positional_embedding': [17, 128],
    'visual.proj': [128, 6],
    'visual.conv1.weight': [128, 3, 2, 2],
    'visual.ln_pre.weight': [128],
    'visual.ln_pre.bias': [128],
    'visual.ln_post.weight': [128],
    'visual.ln_post.bias': [128],
    ...transformer('visual.', 128),
  };
}

function openAiWeights(): Record<string, Tensor> {
  const shapes = openAiShapes();
  const names = Object.keys(shapes).sort();
  expect(names.length).toBe(62);
  return Object.fromEntries(
    names.map((name, p) => {
      const size = shapes[name].reduce((product, length) => product * length, 1);
      const offset = /ln_.*weight$/.test(name) ? 1 : 0;
      const values = Float32Array.from({ length: size }, (_, k) => 0.1 * Math.sin(1.3 * k + 0.7 * p) + offset);
      return [name, tensor(values, shapes[name])];
    }),
  );
}

/** OpenAI's names and layouts to the towers' own. */
function towersOf(weights: Readonly<Record<string, Tensor>>): { image: ClipVitParams; text: ClipTextParams } {
  const norm = (name: string) => ({ scale: weights[`${name}.weight`], bias: weights[`${name}.bias`] });
  const linear = (weight: string, bias: string) => ({ kernel: transpose(weights[weight]), bias: weights[bias] });
  const blocks = (prefix: string) =>
    Object.fromEntries(
      [0, 1].map((i) => {
        const block = `${prefix}transformer.resblocks.${i}`;
        return [
          i,
          {
            norm1: norm(`${block}.ln_1`),
            norm2: norm(`${block}.ln_2`),
            attn: {
              qkv: linear(`${block}.attn.in_proj_weight`, `${block}.attn.in_proj_bias`),
              proj: linear(`${block}.attn.out_proj.weight`, `${block}.attn.out_proj.bias`),
            },
            mlp: {
              fc1: linear(`${block}.mlp.c_fc.weight`, `${block}.mlp.c_fc.bias`),
              fc2: linear(`${block}.mlp.c_proj.weight`, `${block}.mlp.c_proj.bias`),
            },
          },
        ];
      }),
    );
  // [D, channel, y, x] to rows in the order (y, x, channel).
  const patches = reshape(transpose(weights['visual.conv1.weight'], [2, 3, 1, 0]), [12, 128]);
  return {
    image: {
      patchEmbed: { kernel: patches },
      cls: weights['visual.class_embedding'],
      position: weights['visual.positional_embedding'],
      normPre: norm('visual.ln_pre'),
      blocks: blocks('visual.'),
      normPost: norm('visual.ln_post'),
      projection: weights['visual.proj'],
    },
    text: {
      tokenEmbedding: weights['token_embedding.weight'] as Tensor2D,
      position: weights.positional_embedding as Tensor2D,
      blocks: blocks(''),
      norm: norm('ln_final'),
      projection: weights.text_projection as Tensor2D,
    },
  };
}

/** `[2, 3, 8, 8]` of `sin(0.05 i)`, as `[2, 8, 8, 3]`. */
function images() {
  const channelsFirst = tensor4d(
    Float32Array.from({ length: 384 }, (_, i) => Math.sin(0.05 * i)),
    [2, 3, 8, 8],
  );
  return transpose(channelsFirst, [0, 2, 3, 1]);
}

const ids = [
  [18, 3, 7, 19, 0, 0, 0, 0],
  [18, 5, 1, 2, 4, 6, 8, 19],
];

const expected = {
  'quick-gelu': {
    image: [
      [0.127199, -0.1306, -0.1970697, 0.0251681, 0.2105346, 0.0874674],
      [0.1269189, -0.1309382, -0.1969706, 0.0255595, 0.2106448, 0.087135],
    ],
    text: [
      [-0.0713296, 0.2208694, 0.1894942, -0.1194904, -0.2534213, -0.0160894],
      [-0.0514809, 0.2198944, 0.1691238, -0.1294135, -0.2383598, 0.0018916],
    ],
    logits: [-6.7809577, -6.5162033, -6.7866928, -6.5230129],
  },
  gelu: {
    image: [[0.1268461, -0.1307063, -0.1967736, 0.0254328, 0.2103801, 0.08712]],
    text: [[-0.0713037, 0.2210045, 0.1895406, -0.1196008, -0.2535267, -0.0160354]],
    logits: [-6.7844417, -6.5190953, -6.7901395, -6.5258686],
  },
} as const;

onBackend(['cpu', 'wasm'], () => {
  it.each(['quick-gelu', 'gelu'] as const)('computes the features and logits of OpenAI CLIP with %s', (activation) => {
    tidy(() => {
      const towers = towersOf(openAiWeights());
      const visionConfig: ClipVitConfig = { ...vision, activation };
      const textConfig: ClipTextConfig = { ...text, activation };
      const image = applyClipVit(visionConfig, towers.image, images()).pooled;
      const { pooled } = applyClipText(textConfig, towers.text, tensor2d(ids, undefined, 'int32'));
      const { logits, ...rows } = expected[activation];
      rows.image.forEach((row, i) => {
        expectClose(rowOf(image, i), row, 2e-6);
      });
      rows.text.forEach((row, i) => {
        expectClose(rowOf(pooled, i), row, 2e-6);
      });
      const similarity = matMul(l2Normalize(image) as Tensor2D, l2Normalize(pooled) as Tensor2D, false, true);
      expectClose(mul(similarity, Math.exp(2)), logits, 5e-6);
    });
  });
});

function rowOf(features: Tensor2D, row: number): Tensor1D {
  return reshape(slice(features, [row, 0], [1, features.shape[1]]), [features.shape[1]]);
}
