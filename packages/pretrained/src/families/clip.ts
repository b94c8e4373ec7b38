import { VitrailError } from '@vitrail/core';
import { openClipPreparation } from '@vitrail/data';
import type { ClipTextConfig } from '@vitrail/text';
import { type ClipVitConfig, gridSide } from '@vitrail/vit';
import { type ConfigFields, readChoice, readCount, readDivisor, readNumber, readPart, readSide } from '../config-fields.ts';
import type { ModelFamily, ModelHeader } from '../family.ts';
import { convolution, layerNormNaming, linearNaming, type Naming, qkvNaming, same, transposed, under } from '../naming.ts';
import { type ClipModelConfig, clipEncoders, clipShapes, initClip } from './clip-towers.ts';

/** A CLIP in a folder of transformers. */
export type ClipFolderConfig = ClipModelConfig & {
  /** In front of the names of the vision tower: `vision_model.`, or nothing for a `CLIPVisionModel` of transformers 5. */
  readonly visionPrefix: string;
};

/**
 * CLIP as transformers has it: `CLIPModel`, of OpenAI, LAION and others, and its vision tower alone, `CLIPVisionModelWithProjection` and
 * `CLIPVisionModel`, which has no projection into the space of texts.
 *
 * A text is read at the first token of `eos_token_id`, or at its largest id where that is 2: in older configurations, whose number was wrong. Epsilon of
 * layer norms is 1e-5; texts have feed-forward layers four times as wide as their tokens.
 *
 * @see transformers, models/clip/modeling_clip.py
 */
export const clip: ModelFamily<ClipFolderConfig> = {
  name: 'clip (transformers)',
  recognise,
  shapes: clipShapes,
  naming,
  // Buffers that versions before 4.31 saved.
  ignored: ['*.embeddings.position_ids'],
  init: initClip,
  encoders: (config, params) => clipEncoders(clip.name, config, params),
  vocabulary: 'clip',
  preparation: ({ image }) => openClipPreparation({ image_size: image.imageSize }),
};

function recognise({ config, tensors }: ModelHeader): ClipFolderConfig | undefined {
  const kind = config?.model_type;
  if (config === undefined || typeof kind !== 'string' || !/^clip(_vision_model|_text_model)?$/.test(kind)) return undefined;
  if (kind === 'clip_text_model') {
    throw new VitrailError(
      'invalid-argument',
      `${clip.name}: this is a text tower alone (clip_text_model), and models here encode pictures: take the CLIPModel that it is part of`,
    );
  }
  const visionPrefix = Object.hasOwn(tensors, 'embeddings.class_embedding') ? '' : 'vision_model.';
  const embedding = readCount(config, 'projection_dim', 512);
  if (kind === 'clip_vision_model') {
    const isProjected = Object.hasOwn(tensors, 'visual_projection.weight');
    return { image: imageConfig(config, isProjected ? embedding : undefined), visionPrefix };
  }
  return {
    image: imageConfig(readPart(config, 'vision_config'), embedding),
    text: textConfig(readPart(config, 'text_config'), embedding),
    visionPrefix,
  };
}

function imageConfig(fields: ConfigFields, embedding: number | undefined): ClipVitConfig {
  readChoice(fields, 'num_channels', [3]);
  const width = readCount(fields, 'hidden_size', 768);
  return {
    imageSize: readSide(fields, 'image_size', 224),
    patchSize: readSide(fields, 'patch_size', 32),
    width,
    depth: readCount(fields, 'num_hidden_layers', 12),
    heads: readDivisor(fields, 'num_attention_heads', 12, width),
    mlpHidden: readCount(fields, 'intermediate_size', 3072),
    activation: activationOf(fields),
    ...(embedding !== undefined && { embedding }),
    resizing: 'plain',
  };
}

function textConfig(fields: ConfigFields, embedding: number): ClipTextConfig {
  const width = readCount(fields, 'hidden_size', 512);
  if (readCount(fields, 'intermediate_size', 2048) !== 4 * width) {
    throw new VitrailError(
      'invalid-argument',
      `${clip.name}: intermediate_size of text_config is four times hidden_size, ${4 * width}, but it is ${fields.intermediate_size}`,
    );
  }
  const endId = readNumber(fields, 'eos_token_id', 49407);
  return {
    depth: readCount(fields, 'num_hidden_layers', 12),
    heads: readDivisor(fields, 'num_attention_heads', 8, width),
    width,
    maxTokens: readCount(fields, 'max_position_embeddings', 77),
    vocabularySize: readCount(fields, 'vocab_size', 49408),
    activation: activationOf(fields),
    embedding,
    ...(endId !== 2 && { endId }),
  };
}

function activationOf(fields: ConfigFields): ClipVitConfig['activation'] {
  readChoice(fields, 'layer_norm_eps', [1e-5]);
  return readChoice(fields, 'hidden_act', ['quick_gelu', 'gelu']) === 'gelu' ? 'gelu' : 'quick-gelu';
}

function naming({ image, text, visionPrefix }: ClipFolderConfig): Naming {
  return {
    ...under('image', visionNaming(image, visionPrefix)),
    ...(text && { ...under('text', textNaming(text)), logitScale: same('logit_scale', []) }),
  };
}

function visionNaming(config: ClipVitConfig, prefix: string): Naming {
  const { patchSize, width, depth, embedding, mlpHidden = 4 * width } = config;
  return {
    'patchEmbed.kernel': convolution(`${prefix}embeddings.patch_embedding.weight`, patchSize, width),
    cls: same(`${prefix}embeddings.class_embedding`, [width]),
    position: same(`${prefix}embeddings.position_embedding.weight`, [1 + gridSide(config) ** 2, width]),
    // Misspelled there.
    ...under('normPre', layerNormNaming(`${prefix}pre_layrnorm`, width)),
    ...blocksNaming(prefix, depth, width, mlpHidden),
    ...under('normPost', layerNormNaming(`${prefix}post_layernorm`, width)),
    ...(embedding !== undefined && { projection: transposed('visual_projection.weight', width, embedding) }),
  };
}

function textNaming({ width, depth, maxTokens, vocabularySize, embedding }: ClipTextConfig): Naming {
  return {
    tokenEmbedding: same('text_model.embeddings.token_embedding.weight', [vocabularySize, width]),
    position: same('text_model.embeddings.position_embedding.weight', [maxTokens, width]),
    ...blocksNaming('text_model.', depth, width, 4 * width),
    ...under('norm', layerNormNaming('text_model.final_layer_norm', width)),
    projection: transposed('text_projection.weight', width, embedding),
  };
}

function blocksNaming(prefix: string, depth: number, width: number, hidden: number): Naming {
  const blocks = Array.from({ length: depth }, (_, i) => {
    const layer = `${prefix}encoder.layers.${i}`;
    const asked = `${layer}.self_attn`;
    return under(`blocks.${i}`, {
      ...under('norm1', layerNormNaming(`${layer}.layer_norm1`, width)),
      ...under('attn.qkv', qkvNaming([`${asked}.q_proj`, `${asked}.k_proj`, `${asked}.v_proj`], width)),
      ...under('attn.proj', linearNaming(`${asked}.out_proj`, width, width)),
      ...under('norm2', layerNormNaming(`${layer}.layer_norm2`, width)),
      ...under('mlp.fc1', linearNaming(`${layer}.mlp.fc1`, width, hidden)),
      ...under('mlp.fc2', linearNaming(`${layer}.mlp.fc2`, hidden, width)),
    });
  });
  return Object.assign({}, ...blocks);
}
