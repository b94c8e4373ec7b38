import { concat, reshape, type Tensor, type Tensor4D, tensor, tidy, transpose } from '@tensorflow/tfjs-core';
import type { EvaVitConfig, EvaVitParams } from '../src/index.ts';

/** The small tower whose outputs UTA's own code (jihaonew/UTA `eva_vit.py`, float64) gave for {@link utaParams} and {@link utaImages}. */
export const utaConfig: EvaVitConfig = {
  imageSize: 8,
  patchSize: 2,
  width: 16,
  depth: 2,
  heads: 2,
  mlp: { kind: 'swiglu', hidden: 42 },
  ffnNorm: true,
  rotaryGrid: 16,
  embedding: 6,
};

/** Shapes of PyTorch's tensors, by name. */
function shapes(): Record<string, number[]> {
  const norm = (name: string, width: number) => ({ [`${name}.weight`]: [width], [`${name}.bias`]: [width] });
  const linear = (name: string, inputs: number, outputs: number) => ({
    [`${name}.weight`]: [outputs, inputs],
    [`${name}.bias`]: [outputs],
  });
  const block = (name: string) => ({
    ...norm(`${name}.norm1`, 16),
    ...norm(`${name}.norm2`, 16),
    [`${name}.attn.q_proj.weight`]: [16, 16],
    [`${name}.attn.k_proj.weight`]: [16, 16],
    [`${name}.attn.v_proj.weight`]: [16, 16],
    [`${name}.attn.q_bias`]: [16],
    [`${name}.attn.v_bias`]: [16],
    ...linear(`${name}.attn.proj`, 16, 16),
    ...linear(`${name}.mlp.w1`, 16, 42),
    ...linear(`${name}.mlp.w2`, 16, 42),
    ...norm(`${name}.mlp.ffn_ln`, 42),
    ...linear(`${name}.mlp.w3`, 42, 16),
  });
  return {
    ...block('blocks.0'),
    ...block('blocks.1'),
    cls_token: [1, 1, 16],
    ...linear('head', 16, 6),
    ...norm('norm', 16),
    'patch_embed.proj.weight': [16, 3, 2, 2],
    'patch_embed.proj.bias': [16],
    pos_embed: [1, 17, 16],
  };
}

/** Element k of the p-th tensor, by name, is `0.3 sin(1.3 k + 0.7 p)`, one more in the scales of norms. The caller disposes them. */
export function utaParams(): EvaVitParams {
  const all = shapes();
  const values: Record<string, Float32Array> = {};
  for (const [p, name] of Object.keys(all).sort().entries()) {
    const one = /(norm\d?|ffn_ln)\.weight$/.test(name) ? 1 : 0;
    const size = all[name].reduce((product, length) => product * length, 1);
    values[name] = Float32Array.from({ length: size }, (_, k) => 0.3 * Math.sin(1.3 * k + 0.7 * p) + one);
  }
  return tidy(() => {
    const as = (name: string, shape = all[name]) => tensor(values[name], shape);
    const turned = (name: string) => transpose(as(name));
    const joined = (...parts: Tensor[]) => concat(parts, -1);
    const norm = (name: string) => ({ scale: as(`${name}.weight`), bias: as(`${name}.bias`) });
    const linear = (name: string) => ({ kernel: turned(`${name}.weight`), bias: as(`${name}.bias`) });
    const block = (name: string) => ({
      norm1: norm(`${name}.norm1`),
      attn: {
        qkv: { kernel: joined(...['q', 'k', 'v'].map((part) => turned(`${name}.attn.${part}_proj.weight`))) },
        query: { bias: as(`${name}.attn.q_bias`) },
        value: { bias: as(`${name}.attn.v_bias`) },
        proj: linear(`${name}.attn.proj`),
      },
      norm2: norm(`${name}.norm2`),
      mlp: {
        w12: {
          kernel: joined(turned(`${name}.mlp.w1.weight`), turned(`${name}.mlp.w2.weight`)),
          bias: joined(as(`${name}.mlp.w1.bias`), as(`${name}.mlp.w2.bias`)),
        },
        norm: norm(`${name}.mlp.ffn_ln`),
        w3: linear(`${name}.mlp.w3`),
      },
    });
    return {
      patchEmbed: {
        kernel: reshape(transpose(as('patch_embed.proj.weight'), [2, 3, 1, 0]), [12, 16]),
        bias: as('patch_embed.proj.bias'),
      },
      cls: as('cls_token', [16]),
      position: as('pos_embed', [17, 16]),
      blocks: { 0: block('blocks.0'), 1: block('blocks.1') },
      norm: norm('norm'),
      head: linear('head'),
    } as unknown as EvaVitParams;
  });
}

/** `[2, 8, 8, 3]`: element i is `sin(0.05 i)`, counted with channels before rows. */
export function utaImages(): Tensor4D {
  return tidy(() =>
    transpose(
      tensor(
        Float32Array.from({ length: 2 * 3 * 8 * 8 }, (_, i) => Math.sin(0.05 * i)),
        [2, 3, 8, 8],
      ),
      [0, 2, 3, 1],
    ),
  );
}
