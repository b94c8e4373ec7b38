import { VitrailError } from '@vitrail/core';
import { openClipPreparation } from '@vitrail/data';
import type { ClipTextConfig } from '@vitrail/text';
import type { ClipVitConfig } from '@vitrail/vit';
import { type ConfigFields, readChoice, readCount, readNumber, readPart, readSide } from '../config-fields.ts';
import type { ModelFamily, ModelHeader } from '../family.ts';
import { convolution, layerNormNaming, linearNaming, type Naming, qkvNaming, same, transposed, under } from '../naming.ts';
import { type ClipTowers, clipEncoders, clipShapes, initClip } from './clip-towers.ts';

/**
 * CLIP as transformers has it: `CLIPModel`, of OpenAI, LAION and others.
 *
 * A text is read at the first token of `eos_token_id`, or at its largest id where that is 2: in older configurations, whose number was wrong. Epsilon of
 * layer norms is 1e-5; texts have feed-forward layers four times as wide as their tokens.
 *
 * @see transformers, models/clip/modeling_clip.py
 */
export const clip: ModelFamily<ClipTowers> = {
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

function recognise({ config }: ModelHeader): ClipTowers | undefined {
  const kind = config?.model_type;
  if (config === undefined || typeof kind !== 'string' || !/^clip(_vision_model|_text_model)?$/.test(kind)) return undefined;
  if (kind !== 'clip') {
    throw new VitrailError(
      'invalid-argument',
      `${clip.name}: this is the ${kind === 'clip_text_model' ? 'text' : 'vision'} tower alone: a CLIPModel has both`,
    );
  }
  const embedding = readCount(config, 'projection_dim', 512);
  return {
    image: imageConfig(readPart(config, 'vision_config'), embedding),
    text: textConfig(readPart(config, 'text_config'), embedding),
  };
}

function imageConfig(fields: ConfigFields, embedding: number): ClipVitConfig {
  readChoice(fields, 'num_channels', [3]);
  return {
    imageSize: readSide(fields, 'image_size', 224),
    patchSize: readSide(fields, 'patch_size', 32),
    width: readCount(fields, 'hidden_size', 768),
    depth: readCount(fields, 'num_hidden_layers', 12),
    heads: readCount(fields, 'num_attention_heads', 12),
    mlpHidden: readCount(fields, 'intermediate_size', 3072),
    activation: activationOf(fields),
    embedding,
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
    heads: readCount(fields, 'num_attention_heads', 8),
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

function naming({ image, text }: ClipTowers): Naming {
  const { imageSize, patchSize, width, depth, embedding, mlpHidden = 4 * width } = image;
  return {
    ...under('image', {
      'patchEmbed.kernel': convolution('vision_model.embeddings.patch_embedding.weight', patchSize, width),
      cls: same('vision_model.embeddings.class_embedding', [width]),
      position: same('vision_model.embeddings.position_embedding.weight', [1 + (imageSize / patchSize) ** 2, width]),
      // Misspelled there.
      ...under('normPre', layerNormNaming('vision_model.pre_layrnorm', width)),
      ...blocksNaming('vision_model', depth, width, mlpHidden),
      ...under('normPost', layerNormNaming('vision_model.post_layernorm', width)),
      projection: transposed('visual_projection.weight', width, embedding),
    }),
    ...under('text', {
      tokenEmbedding: same('text_model.embeddings.token_embedding.weight', [text.vocabularySize, text.width]),
      position: same('text_model.embeddings.position_embedding.weight', [text.maxTokens, text.width]),
      ...blocksNaming('text_model', text.depth, text.width, 4 * text.width),
      ...under('norm', layerNormNaming('text_model.final_layer_norm', text.width)),
      projection: transposed('text_projection.weight', text.width, embedding),
    }),
    logitScale: same('logit_scale', []),
  };
}

function blocksNaming(tower: string, depth: number, width: number, hidden: number): Naming {
  const blocks = Array.from({ length: depth }, (_, i) => {
    const layer = `${tower}.encoder.layers.${i}`;
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
