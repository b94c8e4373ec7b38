import { type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@vitrail/checkpoints';
import { VitrailError } from '@vitrail/core';
import { applyClipText, type ClipTextConfig, type ClipTextParams } from '@vitrail/text';
import { type ConfigFields, readDivisor } from '../config-fields.ts';
import type { TextEncoder } from '../family.ts';
import { layerNormNaming, type Naming, same, under } from '../naming.ts';
import { residualBlocksNaming } from '../residual-blocks-naming.ts';

/**
 * The text tower of CLIP in a file of open_clip, EVA-CLIP or UTA, read from the shapes of its tensors, or `undefined` where
 * there is none.
 *
 * @param options.prefix in front of every name: `text.`
 * @param options.fields `text_cfg` of `open_clip_config.json`, whose `heads` there are; without it, heads have 64 numbers each, or there is one
 *   where the width is less
 * @throws `invalid-argument` when that is no whole number of heads, or their numbers are not whole
 */
export function readOpenClipText(
  tensors: Readonly<Record<string, TensorInfo>>,
  {
    prefix,
    activation,
    fields = {},
  }: { readonly prefix: string; readonly activation: ClipTextConfig['activation']; readonly fields?: ConfigFields },
): ClipTextConfig | undefined {
  const shapeOf = (name: string): readonly number[] =>
    Object.hasOwn(tensors, prefix + name) ? tensors[prefix + name].shape : [];
  const [vocabularySize, width] = shapeOf('token_embedding.weight');
  const [maxTokens] = shapeOf('positional_embedding');
  const [, embedding] = shapeOf('text_projection');
  if ([vocabularySize, width, maxTokens, embedding].includes(undefined as never)) return undefined;
  const block = new RegExp(`^${prefix.replaceAll('.', '\\.')}transformer\\.resblocks\\.\\d+\\.ln_1\\.weight$`);
  const depth = Object.keys(tensors).filter((name) => block.test(name)).length;
  const heads = fields.heads === undefined ? Math.max(1, width / 64) : readDivisor(fields, 'heads', 8, width);
  if (!Number.isInteger(heads)) {
    throw new VitrailError(
      'invalid-argument',
      `heads of a text tower of CLIP have 64 numbers, but this one is ${width} wide: its configuration must say how many heads it has`,
    );
  }
  return { depth, heads, width, maxTokens, vocabularySize, activation, embedding };
}

/** Where the parameters of `clipTextShapes(config)` are in the file. */
export function openClipTextNaming(prefix: string, config: ClipTextConfig): Naming {
  const { depth, width, maxTokens, vocabularySize, embedding } = config;
  return {
    tokenEmbedding: same(`${prefix}token_embedding.weight`, [vocabularySize, width]),
    position: same(`${prefix}positional_embedding`, [maxTokens, width]),
    ...residualBlocksNaming(`${prefix}transformer.resblocks`, { depth, width, mlpHidden: 4 * width }),
    ...under('norm', layerNormNaming(`${prefix}ln_final`, width)),
    projection: same(`${prefix}text_projection`, [width, embedding]),
  };
}

/** The tower as an encoder. It does not look at padding: what follows the end of a text is not seen from it. */
export function clipTextEncoder(config: ClipTextConfig, params: ClipTextParams): TextEncoder {
  return {
    maxTokens: config.maxTokens,
    vocabularySize: config.vocabularySize,
    encode: (ids: Tensor2D) => tidy(() => applyClipText(config, params, ids).pooled),
  };
}
