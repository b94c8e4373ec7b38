import { VitrailError } from '@vitrail/core';
import type { SiglipTextConfig } from '@vitrail/text';
import { gridSide, type SiglipVitConfig } from '@vitrail/vit';
import { type ConfigFields, readChoice, readCount, readDivisor, readPart, readSide } from '../config-fields.ts';
import type { ModelFamily, ModelHeader } from '../family.ts';
import { convolution, layerNormNaming, linearNaming, type Naming, qkvNaming, same, transposed, under } from '../naming.ts';
import { initSiglip, type SiglipTowers, siglipEncoders, siglipPreparation, siglipShapes } from './siglip-towers.ts';

/** A model of SigLIP in a folder of transformers. */
export type SiglipModelConfig = SiglipTowers & {
  /** In front of the names of the vision tower: `vision_model.`, or nothing for a `SiglipVisionModel` of transformers 5. */
  readonly visionPrefix: string;
};

/**
 * SigLIP, and SigLIP 2 at a fixed resolution, as transformers has them: `SiglipModel`, `SiglipVisionModel`, and the vision tower of
 * `SiglipForImageClassification`, whose classifier is not loaded.
 *
 * SigLIP 2 at a fixed resolution calls itself `siglip`, too. `siglip2` are the NaFlex models, which take sequences of patches instead of
 * squares: they are refused.
 */
export const siglip: ModelFamily<SiglipModelConfig> = {
  name: 'siglip (transformers)',
  recognise,
  shapes: siglipShapes,
  naming,
  ignored: ['classifier.*'],
  init: initSiglip,
  encoders: (config, params) => siglipEncoders(siglip.name, config, params),
  preparation: siglipPreparation,
};

function recognise({ config, tensors }: ModelHeader): SiglipModelConfig | undefined {
  const kind = config?.model_type;
  if (config === undefined || typeof kind !== 'string' || !/^siglip2?(_vision_model|_text_model)?$/.test(kind)) return undefined;
  const refusal = (what: string) =>
    new VitrailError(
      'invalid-argument',
      `${siglip.name}: ${what}. Supported are SiglipModel and SiglipVisionModel: SigLIP, and SigLIP 2 at a fixed resolution`,
    );
  if (kind.startsWith('siglip2'))
    throw refusal('this is a NaFlex model of SigLIP 2, which takes sequences of patches, not squares');
  if (kind === 'siglip_text_model') {
    throw refusal('this is a text tower alone (siglip_text_model), and models here encode pictures');
  }
  const isAlone = kind === 'siglip_vision_model';
  const vision = isAlone ? config : readPart(config, 'vision_config');
  if (vision.vision_use_head === false) throw refusal('this vision tower has no pooling head, so nothing to compare with texts');
  const hasText = !isAlone && Object.hasOwn(tensors, 'text_model.head.weight');
  return {
    image: visionConfig(vision),
    ...(hasText && { text: textConfig(readPart(config, 'text_config')) }),
    visionPrefix: Object.hasOwn(tensors, 'embeddings.patch_embedding.weight') ? '' : 'vision_model.',
  };
}

function visionConfig(fields: ConfigFields): SiglipVitConfig {
  readChoice(fields, 'num_channels', [3]);
  return {
    imageSize: readSide(fields, 'image_size', 224),
    patchSize: readSide(fields, 'patch_size', 16),
    ...blockConfig(fields),
  };
}

function textConfig(fields: ConfigFields): SiglipTextConfig {
  const block = blockConfig(fields);
  return {
    ...block,
    maxTokens: readCount(fields, 'max_position_embeddings', 64),
    vocabularySize: readCount(fields, 'vocab_size', 32000),
    embedding: readCount(fields, 'projection_size', block.width),
  };
}

/** What both towers have. */
function blockConfig(fields: ConfigFields): Pick<SiglipVitConfig, 'width' | 'depth' | 'heads' | 'mlp'> {
  readChoice(fields, 'layer_norm_eps', [1e-6]);
  const activation = readChoice(fields, 'hidden_act', ['gelu_pytorch_tanh', 'gelu']);
  const width = readCount(fields, 'hidden_size', 768);
  return {
    width,
    depth: readCount(fields, 'num_hidden_layers', 12),
    heads: readDivisor(fields, 'num_attention_heads', 12, width),
    mlp: {
      kind: activation === 'gelu' ? 'gelu' : 'gelu-tanh',
      hidden: readCount(fields, 'intermediate_size', 3072),
    },
  };
}

function naming({ image, text, visionPrefix }: SiglipModelConfig): Naming {
  return {
    ...under('image', visionNaming(image, visionPrefix)),
    ...(text && {
      ...under('text', textNaming(text)),
      logitScale: same('logit_scale', [1]),
      logitBias: same('logit_bias', [1]),
    }),
  };
}

function visionNaming(config: SiglipVitConfig, prefix: string): Naming {
  const { patchSize, width, mlp } = config;
  const head = `${prefix}head`;
  return {
    'patchEmbed.kernel': convolution(`${prefix}embeddings.patch_embedding.weight`, patchSize, width),
    'patchEmbed.bias': same(`${prefix}embeddings.patch_embedding.bias`, [width]),
    position: same(`${prefix}embeddings.position_embedding.weight`, [gridSide(config) ** 2, width]),
    ...blocksNaming(config, prefix),
    ...under('norm', layerNormNaming(`${prefix}post_layernorm`, width)),
    'pool.probe': same(`${head}.probe`, [1, 1, width]),
    'pool.attn.qkv.kernel': transposed(`${head}.attention.in_proj_weight`, width, 3 * width),
    'pool.attn.qkv.bias': same(`${head}.attention.in_proj_bias`, [3 * width]),
    ...under('pool.attn.proj', linearNaming(`${head}.attention.out_proj`, width, width)),
    ...under('pool.norm', layerNormNaming(`${head}.layernorm`, width)),
    ...under('pool.mlp.fc1', linearNaming(`${head}.mlp.fc1`, width, mlp.hidden)),
    ...under('pool.mlp.fc2', linearNaming(`${head}.mlp.fc2`, mlp.hidden, width)),
  };
}

function textNaming(config: SiglipTextConfig): Naming {
  const { width, maxTokens, vocabularySize, embedding } = config;
  return {
    tokenEmbedding: same('text_model.embeddings.token_embedding.weight', [vocabularySize, width]),
    position: same('text_model.embeddings.position_embedding.weight', [maxTokens, width]),
    ...blocksNaming(config, 'text_model.'),
    ...under('norm', layerNormNaming('text_model.final_layer_norm', width)),
    ...under('head', linearNaming('text_model.head', width, embedding)),
  };
}

function blocksNaming({ width, depth, mlp }: SiglipVitConfig | SiglipTextConfig, prefix: string): Naming {
  const blocks = Array.from({ length: depth }, (_, i) => {
    const layer = `${prefix}encoder.layers.${i}`;
    const attention = `${layer}.self_attn`;
    return under(`blocks.${i}`, {
      ...under('norm1', layerNormNaming(`${layer}.layer_norm1`, width)),
      ...under('attn.qkv', qkvNaming([`${attention}.q_proj`, `${attention}.k_proj`, `${attention}.v_proj`], width)),
      ...under('attn.proj', linearNaming(`${attention}.out_proj`, width, width)),
      ...under('norm2', layerNormNaming(`${layer}.layer_norm2`, width)),
      ...under('mlp.fc1', linearNaming(`${layer}.mlp.fc1`, width, mlp.hidden)),
      ...under('mlp.fc2', linearNaming(`${layer}.mlp.fc2`, mlp.hidden, width)),
    });
  });
  return Object.assign({}, ...blocks);
}
