import { VitrailError } from '@vitrail/core';
import type { SiglipTextConfig } from '@vitrail/text';
import { gridSide, type SiglipVitConfig } from '@vitrail/vit';
import { type ConfigFields, readChoice, readCount, readDivisor, readPart } from '../config-fields.ts';
import type { ModelFamily, ModelHeader } from '../family.ts';
import { convolution, layerNormNaming, linearNaming, type Naming, same, sideBySide, transposed, under } from '../naming.ts';
import { residualBlocksNaming } from '../residual-blocks-naming.ts';
import { initSiglip, type SiglipTowers, siglipEncoders, siglipPreparation, siglipShapes } from './siglip-towers.ts';

/** Both towers, as open_clip has them. */
export type SiglipOpenClipConfig = Required<SiglipTowers>;

const heads: Readonly<Record<string, number>> = { base: 12, large: 16, so400m: 16, giantopt: 16 };

/** The towers of timm that compute GELU by its tanh approximation; the others compute it exactly, unlike the code they were trained with. */
const withTanh = /^vit_(giantopt_.*|so400m_patch16_.*|large_patch16_siglip_512|base_patch32_.*)$/;

const trunk = 'visual.trunk';

/**
 * SigLIP and SigLIP 2 as open_clip has them (`ViT-B-16-SigLIP`, `ViT-SO400M-14-SigLIP2`...): vision towers of timm with attention pooling, and
 * a text tower without a causal mask.
 *
 * Needs `open_clip_config.json`: heads and activations are in no weight.
 */
export const siglipOpenClip: ModelFamily<SiglipOpenClipConfig> = {
  name: 'siglip (open_clip)',
  recognise,
  shapes: siglipShapes,
  naming,
  ignored: [],
  init: initSiglip,
  encoders: (config, params) => siglipEncoders(siglipOpenClip.name, config, params),
  preparation: siglipPreparation,
};

function recognise({ config, tensors }: ModelHeader): SiglipOpenClipConfig | undefined {
  const model = config && readPart(config, 'model_cfg');
  const vision = model && readPart(model, 'vision_cfg');
  const name = vision?.timm_model_name;
  if (model === undefined || vision === undefined || typeof name !== 'string' || !name.includes('siglip')) return undefined;
  const size = /^vit_([a-z0-9]+)_patch\d+_siglip_\d+$/.exec(name)?.[1] ?? '';
  if (!Object.hasOwn(heads, size)) {
    throw new VitrailError(
      'invalid-argument',
      `${siglipOpenClip.name}: ${name} is not supported. Supported are the vit_{${Object.keys(heads).join(',')}}_patch*_siglip_* of timm with attention pooling`,
    );
  }
  readChoice(vision, 'timm_pool', ['map']);
  readChoice(vision, 'timm_proj', ['none']);
  const shapeOf = (tensor: string) => {
    if (Object.hasOwn(tensors, tensor)) return tensors[tensor].shape;
    throw new VitrailError('shape-mismatch', `${siglipOpenClip.name}: the weights have no ${tensor}`);
  };
  const [width, , patchSize] = shapeOf(`${trunk}.patch_embed.proj.weight`);
  const [hidden] = shapeOf(`${trunk}.blocks.0.mlp.fc1.weight`);
  if (width % heads[size] !== 0) {
    throw new VitrailError(
      'invalid-argument',
      `${siglipOpenClip.name}: timm_model_name is ${name}, whose towers have ${heads[size]} heads, but tokens have ${width} numbers: the weights are another model's`,
    );
  }
  const depth = Object.keys(tensors).filter((tensor) => /^visual\.trunk\.blocks\.\d+\.norm1\.weight$/.test(tensor)).length;
  return {
    image: {
      imageSize: readCount(vision, 'image_size', 224),
      patchSize,
      width,
      depth,
      heads: heads[size],
      mlp: { kind: withTanh.test(name) ? 'gelu-tanh' : 'gelu', hidden },
    },
    text: textConfig(readPart(model, 'text_cfg'), shapeOf),
  };
}

function textConfig(fields: ConfigFields, shapeOf: (tensor: string) => readonly number[]): SiglipTextConfig {
  readChoice(fields, 'no_causal_mask', [true]);
  readChoice(fields, 'pool_type', ['last']);
  const activation = readChoice(readPart(fields, 'act_kwargs'), 'approximate', ['none', 'tanh']);
  const [vocabularySize, width] = shapeOf('text.token_embedding.weight');
  return {
    depth: readCount(fields, 'layers', 12),
    heads: readDivisor(fields, 'heads', 8, width),
    width,
    mlp: {
      kind: activation === 'tanh' ? 'gelu-tanh' : 'gelu',
      hidden: shapeOf('text.transformer.resblocks.0.mlp.c_fc.weight')[0],
    },
    maxTokens: shapeOf('text.positional_embedding')[0],
    vocabularySize,
    embedding: shapeOf('text.text_projection.weight')[0],
  };
}

function naming({ image, text }: SiglipOpenClipConfig): Naming {
  return {
    ...under('image', visionNaming(image)),
    ...under('text', textNaming(text)),
    logitScale: same('logit_scale', []),
    logitBias: same('logit_bias', []),
  };
}

function visionNaming(config: SiglipVitConfig): Naming {
  const { patchSize, width, depth, mlp } = config;
  const pool = `${trunk}.attn_pool`;
  const query = { columns: width, entry: transposed(`${pool}.q.weight`, width, width) };
  const keysAndValues = { columns: 2 * width, entry: transposed(`${pool}.kv.weight`, width, 2 * width) };
  const biases = [
    { columns: width, entry: same(`${pool}.q.bias`, [width]) },
    { columns: 2 * width, entry: same(`${pool}.kv.bias`, [2 * width]) },
  ];
  const blocks = Array.from({ length: depth }, (_, i) => {
    const block = `${trunk}.blocks.${i}`;
    return under(`blocks.${i}`, {
      ...under('norm1', layerNormNaming(`${block}.norm1`, width)),
      ...under('attn.qkv', linearNaming(`${block}.attn.qkv`, width, 3 * width)),
      ...under('attn.proj', linearNaming(`${block}.attn.proj`, width, width)),
      ...under('norm2', layerNormNaming(`${block}.norm2`, width)),
      ...under('mlp.fc1', linearNaming(`${block}.mlp.fc1`, width, mlp.hidden)),
      ...under('mlp.fc2', linearNaming(`${block}.mlp.fc2`, mlp.hidden, width)),
    });
  });
  return {
    'patchEmbed.kernel': convolution(`${trunk}.patch_embed.proj.weight`, patchSize, width),
    'patchEmbed.bias': same(`${trunk}.patch_embed.proj.bias`, [width]),
    position: same(`${trunk}.pos_embed`, [1, gridSide(config) ** 2, width]),
    ...Object.assign({}, ...blocks),
    ...under('norm', layerNormNaming(`${trunk}.norm`, width)),
    'pool.probe': same(`${pool}.latent`, [1, 1, width]),
    'pool.attn.qkv.kernel': sideBySide([query, keysAndValues]),
    'pool.attn.qkv.bias': sideBySide(biases),
    ...under('pool.attn.proj', linearNaming(`${pool}.proj`, width, width)),
    ...under('pool.norm', layerNormNaming(`${pool}.norm`, width)),
    ...under('pool.mlp.fc1', linearNaming(`${pool}.mlp.fc1`, width, mlp.hidden)),
    ...under('pool.mlp.fc2', linearNaming(`${pool}.mlp.fc2`, mlp.hidden, width)),
  };
}

function textNaming({ width, depth, mlp, maxTokens, vocabularySize, embedding }: SiglipTextConfig): Naming {
  return {
    tokenEmbedding: same('text.token_embedding.weight', [vocabularySize, width]),
    position: same('text.positional_embedding', [maxTokens, width]),
    ...residualBlocksNaming('text.transformer.resblocks', { depth, width, mlpHidden: mlp.hidden }),
    ...under('norm', layerNormNaming('text.ln_final', width)),
    ...under('head', linearNaming('text.text_projection', width, embedding)),
  };
}
