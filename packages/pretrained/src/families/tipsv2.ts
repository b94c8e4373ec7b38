import { VitrailError } from '@vitrail/core';
import { tipsPreparation } from '@vitrail/data';
import type { TextConfig } from '@vitrail/text';
import type { VitConfig } from '@vitrail/vit';
import { type ConfigFields, readChoice, readCount, readDivisor, readNumber, readPart, readSide } from '../config-fields.ts';
import type { ModelFamily, ModelHeader } from '../family.ts';
import { under } from '../naming.ts';
import { type TipsTorchNames, tipsTorchText, tipsTorchVision } from './tips-torch-naming.ts';
import { initTips, requireEqualWidths, type TipsModelConfig, tipsEncoders, tipsShapes } from './tips-tower.ts';

/** TIPSv2 in a folder of transformers. */
export type Tipsv2ModelConfig = TipsModelConfig & { readonly names: TipsTorchNames };

/**
 * TIPSv2 as transformers has it: `Tipsv2Model`, and its vision tower alone, `Tipsv2VisionModel`. In its files (not in its modules) weights are
 * named as in TIPS' PyTorch code, under `vision_encoder.` and `text_encoder.` or, in a tower alone, under nothing; the layers of MLPs in the vision
 * tower are `c_fc` and `c_proj` in what transformers saves, `fc1` and `fc2` in what it reads as well.
 *
 * @see transformers, models/tipsv2/modeling_tipsv2.py, conversion_mapping.py
 */
export const tipsv2: ModelFamily<Tipsv2ModelConfig> = {
  name: 'tipsv2 (transformers)',
  recognise,
  shapes: tipsShapes,
  naming: ({ vit, text, names }) => ({
    ...under('image', tipsTorchVision(vit, names)),
    ...(text && under('text', tipsTorchText(text, 'text_encoder.'))),
  }),
  ignored: ['temperature'],
  init: initTips,
  encoders: tipsEncoders,
  vocabulary: 'tips',
  preparation: ({ vit }) => tipsPreparation(vit.imageSize),
};

function recognise({ config, tensors }: ModelHeader): Tipsv2ModelConfig | undefined {
  const kind = config?.model_type;
  if (config === undefined || typeof kind !== 'string' || !/^tipsv2(_vision_model|_text_model)?$/.test(kind)) return undefined;
  if (kind === 'tipsv2_text_model') {
    throw new VitrailError(
      'invalid-argument',
      `${tipsv2.name}: this is a text tower alone (tipsv2_text_model), and models here encode pictures: take the Tipsv2Model that it is part of`,
    );
  }
  const isAlone = kind === 'tipsv2_vision_model';
  const prefix = isAlone ? '' : 'vision_encoder.';
  const isSaved = Object.hasOwn(tensors, `${prefix}blocks.0.mlp.c_fc.weight`);
  const names: TipsTorchNames = { prefix, mlp: isSaved ? ['c_fc', 'c_proj'] : ['fc1', 'fc2'] };
  if (isAlone) return { vit: readVision(config), names };
  const vit = readVision(readPart(config, 'vision_config'));
  const read = { vit, text: readText(readPart(config, 'text_config')), names };
  requireEqualWidths(tipsv2.name, read);
  return read;
}

function readVision(config: ConfigFields): VitConfig {
  readChoice(config, 'num_channels', [3]);
  readChoice(config, 'qkv_bias', [true]);
  // One is the second CLS token.
  readChoice(config, 'num_register_tokens', [1]);
  const activation = readChoice(config, 'hidden_act', ['gelu', 'gelu_pytorch_tanh']);
  const imageSize = readSide(config, 'image_size', 448);
  const patchSize = readSide(config, 'patch_size', 14);
  if (imageSize % patchSize !== 0) {
    throw new VitrailError(
      'invalid-argument',
      `config.json: image_size is a multiple of patch_size, which is ${patchSize}, but ${imageSize} came`,
    );
  }
  const width = readCount(config, 'hidden_size', 768);
  const hidden = Math.trunc(width * readNumber(config, 'mlp_ratio', 4));
  const isGated = readChoice(config, 'use_swiglu_ffn', [false, true]);
  return {
    imageSize,
    patchSize,
    width,
    depth: readCount(config, 'num_hidden_layers', 12),
    heads: readDivisor(config, 'num_attention_heads', 12, width),
    mlp: isGated
      ? { kind: 'swiglu', hidden: Math.ceil(Math.trunc((hidden * 2) / 3) / 8) * 8 }
      : { kind: activation === 'gelu' ? 'gelu' : 'gelu-tanh', hidden },
    clsTokens: 2,
    positionGrid: imageSize / patchSize,
    maskToken: true,
    layerScale: readNumber(config, 'layerscale_value', 1),
    epsilon: readNumber(config, 'layer_norm_eps', 1e-6),
  };
}

function readText(config: ConfigFields): TextConfig {
  readChoice(config, 'hidden_act', ['relu']);
  readChoice(config, 'scale_sqrt_depth', [true]);
  readChoice(config, 'pooling_epsilon', [1e-8]);
  const width = readCount(config, 'hidden_size', 768);
  return {
    depth: readCount(config, 'num_hidden_layers', 12),
    heads: readDivisor(config, 'num_attention_heads', 12, width),
    width,
    mlpHidden: readCount(config, 'intermediate_size', 3072),
    maxTokens: readCount(config, 'max_position_embeddings', 64),
    vocabularySize: readCount(config, 'vocab_size', 32000),
    epsilon: readNumber(config, 'layer_norm_eps', 1e-5),
  };
}
