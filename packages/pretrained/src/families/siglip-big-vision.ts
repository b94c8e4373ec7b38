import type { TensorInfo } from '@vitrail/checkpoints';
import { VitrailError } from '@vitrail/core';
import type { SiglipTextConfig } from '@vitrail/text';
import type { SiglipVitConfig } from '@vitrail/vit';
import type { ModelFamily, ModelHeader } from '../family.ts';
import { type Naming, same, sideBySide, under } from '../naming.ts';
import { initSiglip, type SiglipTowers, siglipEncoders, siglipPreparation, siglipShapes } from './siglip-towers.ts';

/** Both towers, as big_vision has them. */
export type SiglipBigVisionConfig = Required<SiglipTowers>;

/**
 * SigLIP as its authors publish it, in a `.npz` of big_vision (`webli_en_b16_224_63724782.npz`...): everything is in the names and shapes.
 *
 * Checkpoints whose blocks are stacked into one (`scan=True`, as those of SigLIP 2) are refused. Deviation: pictures are prepared as transformers
 * prepares them, bicubic; big_vision resizes bilinearly, with TensorFlow.
 */
export const siglipBigVision: ModelFamily<SiglipBigVisionConfig> = {
  name: 'siglip (big_vision)',
  recognise,
  shapes: siglipShapes,
  naming,
  ignored: [],
  init: initSiglip,
  encoders: (config, params) => siglipEncoders(siglipBigVision.name, config, params),
  preparation: siglipPreparation,
};

const [image, text] = ['params/img', 'params/txt'];
const [imageBlocks, textBlocks] = [`${image}/Transformer`, `${text}/Encoder_0`];
const attentionOf = (block: string) => `${block}/MultiHeadDotProductAttention_0`;

function recognise({ config, tensors }: ModelHeader): SiglipBigVisionConfig | undefined {
  if (config !== undefined || !Object.hasOwn(tensors, `${image}/MAPHead_0/probe`)) return undefined;
  if (Object.hasOwn(tensors, `${imageBlocks}/encoderblock/LayerNorm_0/scale`)) {
    throw new VitrailError(
      'invalid-argument',
      `${siglipBigVision.name}: the blocks of this checkpoint are stacked (scan=True), which is not supported: take the weights that transformers or open_clip publish`,
    );
  }
  const shapeOf = (name: string) => {
    if (Object.hasOwn(tensors, name)) return tensors[name].shape;
    throw new VitrailError('shape-mismatch', `${siglipBigVision.name}: the weights have no ${name}`);
  };
  const patchSize = shapeOf(`${image}/embedding/kernel`)[0];
  return {
    image: {
      imageSize: patchSize * Math.round(Math.sqrt(shapeOf(`${image}/pos_embedding`)[1])),
      patchSize,
      ...blockConfig(tensors, imageBlocks, shapeOf),
    },
    text: {
      ...blockConfig(tensors, textBlocks, shapeOf),
      maxTokens: shapeOf(`${text}/pos_embedding`)[1],
      vocabularySize: shapeOf(`${text}/Embed_0/embedding`)[0],
      embedding: shapeOf(`${text}/head/kernel`)[1],
    },
  };
}

/** What both towers have. */
function blockConfig(
  tensors: Readonly<Record<string, TensorInfo>>,
  blocks: string,
  shapeOf: (name: string) => readonly number[],
): Pick<SiglipVitConfig, 'width' | 'depth' | 'heads' | 'mlp'> {
  const first = `${blocks}/encoderblock_0`;
  const [width, heads] = shapeOf(`${attentionOf(first)}/query/kernel`);
  const isBlock = (name: string) => name.startsWith(`${blocks}/encoderblock_`) && name.endsWith('/LayerNorm_0/scale');
  return {
    width,
    depth: Object.keys(tensors).filter(isBlock).length,
    heads,
    mlp: { kind: 'gelu-tanh', hidden: shapeOf(`${first}/MlpBlock_0/Dense_0/kernel`)[1] },
  };
}

function naming(config: SiglipBigVisionConfig): Naming {
  return {
    ...under('image', visionNaming(config.image)),
    ...under('text', textNaming(config.text)),
    logitScale: same('params/t', [1]),
    logitBias: same('params/b', [1]),
  };
}

function visionNaming(config: SiglipVitConfig): Naming {
  const { imageSize, patchSize, width, heads, mlp } = config;
  const pool = `${image}/MAPHead_0`;
  return {
    'patchEmbed.kernel': same(`${image}/embedding/kernel`, [patchSize, patchSize, 3, width]),
    'patchEmbed.bias': same(`${image}/embedding/bias`, [width]),
    position: same(`${image}/pos_embedding`, [1, (imageSize / patchSize) ** 2, width]),
    ...blocksNaming(config, imageBlocks),
    ...under('norm', normNaming(`${imageBlocks}/encoder_norm`, width)),
    'pool.probe': same(`${pool}/probe`, [1, 1, width]),
    ...under('pool.attn', attentionNaming(attentionOf(pool), width, heads)),
    ...under('pool.norm', normNaming(`${pool}/LayerNorm_0`, width)),
    ...under('pool.mlp', mlpNaming(pool, width, mlp.hidden)),
  };
}

function textNaming(config: SiglipTextConfig): Naming {
  const { width, maxTokens, vocabularySize, embedding } = config;
  return {
    tokenEmbedding: same(`${text}/Embed_0/embedding`, [vocabularySize, width]),
    position: same(`${text}/pos_embedding`, [1, maxTokens, width]),
    ...blocksNaming(config, textBlocks),
    ...under('norm', normNaming(`${textBlocks}/encoder_norm`, width)),
    ...under('head', denseNaming(`${text}/head`, width, embedding)),
  };
}

function blocksNaming({ width, depth, heads, mlp }: SiglipVitConfig | SiglipTextConfig, blocks: string): Naming {
  const namings = Array.from({ length: depth }, (_, i) => {
    const block = `${blocks}/encoderblock_${i}`;
    return under(`blocks.${i}`, {
      ...under('norm1', normNaming(`${block}/LayerNorm_0`, width)),
      ...under('attn', attentionNaming(attentionOf(block), width, heads)),
      ...under('norm2', normNaming(`${block}/LayerNorm_1`, width)),
      ...under('mlp', mlpNaming(block, width, mlp.hidden)),
    });
  });
  return Object.assign({}, ...namings);
}

/** Flax keeps heads on an axis of their own, in the order that they have here. */
function attentionNaming(name: string, width: number, heads: number): Naming {
  const size = width / heads;
  const packed = (part: string, shape: readonly number[]) =>
    sideBySide(['query', 'key', 'value'].map((asked) => ({ columns: width, entry: same(`${name}/${asked}/${part}`, shape) })));
  return {
    'qkv.kernel': packed('kernel', [width, heads, size]),
    'qkv.bias': packed('bias', [heads, size]),
    'proj.kernel': same(`${name}/out/kernel`, [heads, size, width]),
    'proj.bias': same(`${name}/out/bias`, [width]),
  };
}

function mlpNaming(name: string, width: number, hidden: number): Naming {
  return {
    ...under('fc1', denseNaming(`${name}/MlpBlock_0/Dense_0`, width, hidden)),
    ...under('fc2', denseNaming(`${name}/MlpBlock_0/Dense_1`, hidden, width)),
  };
}

function denseNaming(name: string, inputs: number, outputs: number): Naming {
  return { kernel: same(`${name}/kernel`, [inputs, outputs]), bias: same(`${name}/bias`, [outputs]) };
}

function normNaming(name: string, width: number): Naming {
  return { scale: same(`${name}/scale`, [width]), bias: same(`${name}/bias`, [width]) };
}
