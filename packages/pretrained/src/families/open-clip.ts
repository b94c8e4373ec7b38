import { VitrailError } from '@vitrail/core';
import { type OpenClipPreprocess, openClipPreparation } from '@vitrail/data';
import { type ClipVitConfig, gridSide } from '@vitrail/vit';
import { type ConfigFields, readChoice, readDivisor, readPart } from '../config-fields.ts';
import type { ModelFamily, ModelHeader } from '../family.ts';
import { convolution, layerNormNaming, type Naming, same, under } from '../naming.ts';
import { residualBlocksNaming } from '../residual-blocks-naming.ts';
import { tensorShapes } from '../tensor-shapes.ts';
import { type ClipTowers, clipEncoders, clipShapes, initClip } from './clip-towers.ts';
import { openClipTextNaming, readOpenClipText } from './open-clip-text.ts';

/** A CLIP in files of open_clip or OpenAI. */
export type OpenClipConfig = ClipTowers & {
  /** In front of every name: `module.` where several processes trained it. */
  readonly prefix: string;
  /** In front of those of the text tower, too: `text.` in models of open_clip with `custom_text`. */
  readonly textPrefix: string;
  /** Whether a bias is added to cosines: in models that were trained with the loss of SigLIP (`init_logit_bias`). */
  readonly hasLogitBias: boolean;
  /** `preprocess_cfg` of `open_clip_config.json`. */
  readonly preprocess: Omit<OpenClipPreprocess, 'image_size'>;
};

/**
 * CLIP with ViT and its own text tower as open_clip and OpenAI have it: `open_clip_model.safetensors`, checkpoints of open_clip's training, `ViT-B-32.pt`.
 *
 * Sizes are in the shapes. With `open_clip_config.json` beside the weights, so are heads and activation in it. Without one, heads have 64 numbers each but are no more than 16 (as in H/14, g/14, bigG/14); and GELU is exact,
 * as in most of what open_clip trained, but in OpenAI's own archives (which hold `input_resolution`) it is `x sigmoid(1.702 x)`. Weights of OpenAI's that somebody saved
 * again, and those with `-quickgelu` in their names, need the configuration. Anything else of open_clip is refused: CoCa, ResNets, towers of timm
 * and of transformers, pooling other than of the CLS token and of the largest id, LayerScale.
 *
 * @see mlfoundations/open_clip, src/open_clip/{model,transformer,openai}.py
 */
export const openClip: ModelFamily<OpenClipConfig> = {
  name: 'clip (open_clip)',
  recognise,
  shapes: clipShapes,
  naming,
  ignored: ['input_resolution', 'context_length', 'vocab_size', '**.attn_mask'],
  init: initClip,
  encoders: (config, params) => clipEncoders(openClip.name, config, params),
  vocabulary: 'clip',
  preparation: ({ image, preprocess }) => openClipPreparation({ ...preprocess, image_size: image.imageSize }),
};

function recognise({ config, tensors }: ModelHeader): OpenClipConfig | undefined {
  const prefix = Object.keys(tensors).some((name) => name.startsWith('module.visual.')) ? 'module.' : '';
  const shapes = tensorShapes(openClip.name, tensors);
  const model = config && readPart(config, 'model_cfg');
  const vision = model && readPart(model, 'vision_cfg');
  const isViT = shapes.has(`${prefix}visual.conv1.weight`) && shapes.has(`${prefix}visual.class_embedding`);
  refuseOthers(shapes, prefix);
  if (!isViT) return undefined;
  const textFields = readPart(model ?? {}, 'text_cfg');
  requirePlain(vision ?? {}, textFields);

  const isOpenAi = shapes.has(`${prefix}input_resolution`);
  const isQuick = model === undefined ? isOpenAi : readChoice(model, 'quick_gelu', [false, true]);
  const activation = isQuick ? 'quick-gelu' : 'gelu';
  const textPrefix = shapes.has(`${prefix}text.token_embedding.weight`) ? `${prefix}text.` : prefix;
  const text = readOpenClipText(tensors, { prefix: textPrefix, activation, fields: textFields });
  if (text === undefined) throw refusal('its text tower is not that of CLIP');
  return {
    image: readImage(shapes, prefix, activation, vision),
    text,
    prefix,
    textPrefix,
    hasLogitBias: shapes.has(`${prefix}logit_bias`),
    preprocess: readPart(config ?? {}, 'preprocess_cfg'),
  };
}

type Shapes = ReturnType<typeof tensorShapes>;

function readImage(
  shapes: Shapes,
  prefix: string,
  activation: ClipVitConfig['activation'],
  vision?: ConfigFields,
): ClipVitConfig {
  const [width, , patchSize] = shapes.of(`${prefix}visual.conv1.weight`, 4);
  const [positions] = shapes.of(`${prefix}visual.positional_embedding`, 2);
  const [, embedding] = shapes.of(`${prefix}visual.proj`, 2);
  const blocks = `${prefix}visual.transformer.resblocks.`;
  const [mlpHidden] = shapes.of(`${blocks}0.mlp.c_fc.weight`, 2);
  const side = Math.sqrt(positions - 1);
  const heads = vision ? width / readDivisor(vision, 'head_width', 64, width) : Math.min(16, width / 64);
  if (!Number.isInteger(side)) {
    throw refusal(`its positions are not those of a CLS token and of a square of patches: there are ${positions}`);
  }
  if (!Number.isInteger(heads)) {
    throw refusal(`its tokens have ${width} numbers, which are no whole number of heads`);
  }
  const depth = shapes.count(blocks, '.ln_1.weight');
  return { imageSize: side * patchSize, patchSize, width, depth, heads, mlpHidden, activation, embedding };
}

/** Names of models of open_clip that are none of these, and what they are. */
const others: readonly (readonly [name: string, kind: string])[] = [
  ['text_decoder.text_projection', 'CoCa, which describes pictures in words'],
  ['visual.attnpool.positional_embedding', 'a ResNet'],
  ['visual.attn_pool.query', 'a ViT with attention pooling'],
  ['visual.trunk.stem.0.weight', 'a ConvNeXt of timm'],
];

function refuseOthers(shapes: Shapes, prefix: string): void {
  for (const [name, kind] of others) if (shapes.has(prefix + name)) throw refusal(`this is ${kind}`);
}

/** Throws `invalid-argument` for options of open_clip that change what a tower computes; those left out have the values that are supported. */
function requirePlain(vision: ConfigFields, text: ConfigFields): void {
  for (const option of ['attentional_pool', 'no_ln_pre', 'final_ln_after_pool']) readChoice(vision, option, [false]);
  readChoice(vision, 'pool_type', ['tok']);
  readChoice(vision, 'pos_embed_type', ['learnable']);
  for (const option of ['no_causal_mask', 'embed_cls', 'proj_bias', 'final_ln_after_pool']) readChoice(text, option, [false]);
  readChoice(text, 'pool_type', ['argmax']);
  readChoice(text, 'proj_type', ['linear']);
  readChoice(text, 'mlp_ratio', [4]);
  for (const [tower, fields] of Object.entries({ vision_cfg: vision, text_cfg: text })) {
    const unknown = ['ls_init_value', 'act_kwargs', 'norm_kwargs', 'block_type', 'timm_model_name', 'hf_model_name'].find(
      (option) => fields[option] !== undefined && fields[option] !== null,
    );
    if (unknown !== undefined) throw refusal(`${tower} has ${unknown}: ${JSON.stringify(fields[unknown])}`);
    for (const option of ['qk_norm', 'scaled_cosine_attn', 'scale_heads', 'scale_attn_inner', 'scale_attn', 'scale_fc']) {
      readChoice(fields, option, [false]);
    }
  }
}

function refusal(what: string): VitrailError {
  return new VitrailError(
    'invalid-argument',
    `${openClip.name}: ${what}. Supported are plain ViTs with the text tower of CLIP: read at the CLS token and at the largest id`,
  );
}

function naming({ image, text, prefix, textPrefix, hasLogitBias }: OpenClipConfig): Naming {
  const { patchSize, width, depth, embedding = width, mlpHidden = 4 * width } = image;
  const visual = `${prefix}visual`;
  return {
    ...under('image', {
      'patchEmbed.kernel': convolution(`${visual}.conv1.weight`, patchSize, width),
      cls: same(`${visual}.class_embedding`, [width]),
      position: same(`${visual}.positional_embedding`, [1 + gridSide(image) ** 2, width]),
      ...under('normPre', layerNormNaming(`${visual}.ln_pre`, width)),
      ...residualBlocksNaming(`${visual}.transformer.resblocks`, { depth, width, mlpHidden }),
      ...under('normPost', layerNormNaming(`${visual}.ln_post`, width)),
      projection: same(`${visual}.proj`, [width, embedding]),
    }),
    ...under('text', openClipTextNaming(textPrefix, text)),
    logitScale: same(`${prefix}logit_scale`, []),
    ...(hasLogitBias && { logitBias: same(`${prefix}logit_bias`, []) }),
  };
}
