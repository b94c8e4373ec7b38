import { VitrailError } from '@vitrail/core';
import { tipsPreparation } from '@vitrail/data';
import type { TextConfig } from '@vitrail/text';
import type { VitConfig } from '@vitrail/vit';
import type { ModelFamily, ModelHeader } from '../family.ts';
import { under } from '../naming.ts';
import { tensorShapes } from '../tensor-shapes.ts';
import { type TipsTorchNames, tipsTorchText, tipsTorchVision } from './tips-torch-naming.ts';
import { initTips, requireEqualWidths, type TipsModelConfig, tipsEncoders, tipsShapes } from './tips-tower.ts';

const names: TipsTorchNames = { prefix: '', mlp: ['fc1', 'fc2'] };

/**
 * TIPS and TIPSv2 as their PyTorch code reads them: `tips_v2_b14_vision.npz` and `..._text.npz`, with names of DINOv2 and of CLIP, read as one
 * file since no name is in both.
 *
 * Sizes are in the shapes. Heads are not: they have 64 numbers each in every released size but So400m, whose 16 have 72. GELU is exact, layer
 * norms of the text tower have epsilon 1e-5 (scenic: tanh, 1e-6), and there is LayerScale: what this code computes, not what the weights were
 * trained with.
 *
 * @see google-deepmind/tips, pytorch/{image_encoder,text_encoder}.py
 */
export const tipsPytorch: ModelFamily<TipsModelConfig> = {
  name: 'tips (pytorch)',
  recognise,
  shapes: tipsShapes,
  naming: ({ vit, text }) => ({
    ...under('image', tipsTorchVision(vit, names)),
    ...(text && under('text', tipsTorchText(text, ''))),
  }),
  ignored: ['temperature', 'temperature_contrastive'],
  init: initTips,
  encoders: tipsEncoders,
  vocabulary: 'tips',
  preparation: ({ vit }) => tipsPreparation(vit.imageSize),
};

function recognise({ config: folder, tensors }: ModelHeader): TipsModelConfig | undefined {
  // The towers of transformers have the same names where they come alone.
  if (String(folder?.model_type).startsWith('tipsv2')) return undefined;
  const shapes = tensorShapes(tipsPytorch.name, tensors);
  const isVision = shapes.has('register_tokens') && shapes.has('pos_embed') && tensors.register_tokens.shape[1] === 1;
  // CLIP has learned positions where TIPS computes them.
  const isText = shapes.has('token_embedding.weight') && shapes.has('ln_final.weight') && !shapes.has('positional_embedding');
  if (!isVision) {
    if (!isText || shapes.count('transformer.resblocks.', '.attn.in_proj_weight') === 0) return undefined;
    throw new VitrailError(
      'invalid-argument',
      `${tipsPytorch.name}: this is the text tower alone: name the file of the vision tower beside it, separated by a comma`,
    );
  }
  const config = { vit: readVision(shapes), ...(isText && { text: readText(shapes) }) };
  requireEqualWidths(tipsPytorch.name, config);
  return config;
}

type Shapes = ReturnType<typeof tensorShapes>;

function readVision(shapes: Shapes): VitConfig {
  const [width, , patchSize] = shapes.of('patch_embed.proj.weight', 4);
  const [, positions] = shapes.of('pos_embed', 3);
  const positionGrid = Math.sqrt(positions - 1);
  if (!Number.isInteger(positionGrid)) {
    throw new VitrailError(
      'invalid-argument',
      `${tipsPytorch.name}: positions are those of a CLS token and of a square of patches, but there are ${positions}`,
    );
  }
  const isGated = shapes.has('blocks.0.mlp.w3.weight');
  const [, hidden] = shapes.of(`blocks.0.mlp.${isGated ? 'w3' : 'fc2'}.weight`, 2);
  return {
    imageSize: patchSize * positionGrid,
    patchSize,
    width,
    depth: shapes.count('blocks.', '.norm1.weight'),
    heads: headsOf(width),
    mlp: { kind: isGated ? 'swiglu' : 'gelu', hidden },
    clsTokens: 2,
    positionGrid,
    maskToken: shapes.has('mask_token'),
    ...(shapes.has('blocks.0.ls1.gamma') && { layerScale: 1 }),
  };
}

function readText(shapes: Shapes): TextConfig {
  const [vocabularySize, width] = shapes.of('token_embedding.weight', 2);
  const [mlpHidden] = shapes.of('transformer.resblocks.0.mlp.c_fc.weight', 2);
  const depth = shapes.count('transformer.resblocks.', '.ln_1.weight');
  // Positions are computed: nothing in the file says how long texts are. Those that TIPS was trained with have 64 tokens.
  return { depth, heads: headsOf(width), width, mlpHidden, maxTokens: 64, vocabularySize, epsilon: 1e-5 };
}

function headsOf(width: number): number {
  const heads = width === 1152 ? 16 : width / 64;
  if (Number.isInteger(heads)) return heads;
  throw new VitrailError(
    'invalid-argument',
    `${tipsPytorch.name}: heads have 64 numbers each, 72 in So400m, but a tower is ${width} wide: the weights do not say how many heads it has`,
  );
}
