import { type Dinov2Config, dinov2Shapes, gridSide, initDinov2 } from '@vitrail/vit';
import { readChoice, readCount, readDivisor, readNumber, readSide } from '../config-fields.ts';
import type { ModelFamily, ModelHeader } from '../family.ts';
import { convolution, layerNormNaming, linearNaming, type Naming, qkvNaming, same, under } from '../naming.ts';
import { dinov2Encoders, dinov2Preparation } from './dinov2-tower.ts';

/** A model of DINOv2 in a folder of transformers. */
export type Dinov2ModelConfig = {
  readonly tower: Dinov2Config;
  /** In front of every name: `''` for the model alone, `dinov2.` or `dinov2_with_registers.` where there is a classifier beside it. */
  readonly prefix: string;
};

/**
 * DINOv2, with and without registers, as transformers has it: `Dinov2Model`, `Dinov2WithRegistersModel`, and the tower of their
 * `...ForImageClassification`, whose classifier is not loaded.
 */
export const dinov2: ModelFamily<Dinov2ModelConfig> = {
  name: 'dinov2 (transformers)',
  recognise,
  shapes: ({ tower }) => dinov2Shapes(tower),
  naming,
  ignored: ['classifier.*'],
  init: ({ tower }, rng) => initDinov2(tower, rng),
  encoders: ({ tower }, params) => dinov2Encoders(dinov2.name, tower, params),
  preparation: () => dinov2Preparation,
};

function recognise({ config, tensors }: ModelHeader): Dinov2ModelConfig | undefined {
  const kind = config?.model_type;
  if (config === undefined || (kind !== 'dinov2' && kind !== 'dinov2_with_registers')) return undefined;
  readChoice(config, 'hidden_act', ['gelu']);
  readChoice(config, 'qkv_bias', [true]);
  readChoice(config, 'layer_norm_eps', [1e-6]);
  readChoice(config, 'num_channels', [3]);
  const hasRegisters = kind === 'dinov2_with_registers';
  const width = readCount(config, 'hidden_size', 768);
  const hidden = Math.trunc(width * readNumber(config, 'mlp_ratio', 4));
  const isGated = readChoice(config, 'use_swiglu_ffn', [false, true]);
  const tower: Dinov2Config = {
    imageSize: readSide(config, 'image_size', 224),
    patchSize: readSide(config, 'patch_size', hasRegisters ? 16 : 14),
    width,
    depth: readCount(config, 'num_hidden_layers', 12),
    heads: readDivisor(config, 'num_attention_heads', 12, width),
    mlp: isGated ? { kind: 'swiglu', hidden: Math.ceil(Math.trunc((hidden * 2) / 3) / 8) * 8 } : { kind: 'gelu', hidden },
    registers: hasRegisters ? readNumber(config, 'num_register_tokens', 4) : 0,
    layerScale: readNumber(config, 'layerscale_value', 1),
    maskToken: hasRegisters || readChoice(config, 'use_mask_token', [true, false]),
    resizing: hasRegisters ? 'antialiased' : 'plain',
  };
  return { tower, prefix: Object.hasOwn(tensors, `${kind}.embeddings.cls_token`) ? `${kind}.` : '' };
}

function naming({ tower, prefix }: Dinov2ModelConfig): Naming {
  const { patchSize, width, depth, registers, maskToken } = tower;
  const embeddings = `${prefix}embeddings`;
  return {
    'patchEmbed.kernel': convolution(`${embeddings}.patch_embeddings.projection.weight`, patchSize, width),
    'patchEmbed.bias': same(`${embeddings}.patch_embeddings.projection.bias`, [width]),
    cls: same(`${embeddings}.cls_token`, [1, 1, width]),
    position: same(`${embeddings}.position_embeddings`, [1, 1 + gridSide(tower) ** 2, width]),
    ...(registers > 0 && { registers: same(`${embeddings}.register_tokens`, [1, registers, width]) }),
    ...(maskToken && { maskToken: same(`${embeddings}.mask_token`, [1, width]) }),
    ...Object.assign({}, ...Array.from({ length: depth }, (_, i) => blockNaming(tower, i, `${prefix}encoder.layer.${i}`))),
    ...under('norm', layerNormNaming(`${prefix}layernorm`, width)),
  };
}

function blockNaming({ width, mlp: { kind, hidden } }: Dinov2Config, index: number, layer: string): Naming {
  const asked = `${layer}.attention.attention`;
  const feedForward =
    kind === 'swiglu'
      ? {
          ...under('mlp.w12', linearNaming(`${layer}.mlp.weights_in`, width, 2 * hidden)),
          ...under('mlp.w3', linearNaming(`${layer}.mlp.weights_out`, hidden, width)),
        }
      : {
          ...under('mlp.fc1', linearNaming(`${layer}.mlp.fc1`, width, hidden)),
          ...under('mlp.fc2', linearNaming(`${layer}.mlp.fc2`, hidden, width)),
        };
  return under(`blocks.${index}`, {
    ...under('norm1', layerNormNaming(`${layer}.norm1`, width)),
    ...under('attn.qkv', qkvNaming([`${asked}.query`, `${asked}.key`, `${asked}.value`], width)),
    ...under('attn.proj', linearNaming(`${layer}.attention.output.dense`, width, width)),
    ls1: same(`${layer}.layer_scale1.lambda1`, [width]),
    ...under('norm2', layerNormNaming(`${layer}.norm2`, width)),
    ...feedForward,
    ls2: same(`${layer}.layer_scale2.lambda1`, [width]),
  });
}
