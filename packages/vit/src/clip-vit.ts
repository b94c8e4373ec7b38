import {
  add,
  concat,
  reshape,
  slice,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';
import {
  fanInUniform,
  filled,
  initParameters,
  layerNormShapes,
  normal,
  type ParameterShapes,
  type Rng,
  xavierUniform,
} from '@vitrail/core';
import { type LayerNormParams, type LinearParams, layerNorm, linear, repeatForBatch } from '@vitrail/ops';
import type { VitOptions } from './apply-vit.ts';
import { applyBlock, type BlockConfig, type BlockParams, blockShapes } from './block.ts';
import { blockAt } from './block-at.ts';
import { hookEmbeddings, withoutAdded } from './embedding-hooks.ts';
import { embedPatches, gridSide, type PatchGrid, patchGridOf, wholePatches } from './patch-embed.ts';
import { antialiasedPositions, bicubicPositions, type PositionResizing } from './position-resizing.ts';
import { positionsBehindCls } from './position-table.ts';
import { requireTower } from './require-tower.ts';
import { readValues } from './value-readout.ts';

/** A vision tower of CLIP. */
export type ClipVitConfig = {
  /**
   * Side of the square images whose patches the positions belong to, in pixels. Pixels on the right and below that fill no patch are not
   * looked at. Other sizes work: positions are resized.
   */
  readonly imageSize: number;
  /** Side of a patch, in pixels. */
  readonly patchSize: number;
  /** D, the length of a token. */
  readonly width: number;
  /** Number of blocks. */
  readonly depth: number;
  /** Number of attention heads; divides the width. */
  readonly heads: number;
  /** Hidden width of the feed-forward layers; 4D by default, more in OpenCLIP's g/14 and bigG/14. */
  readonly mlpHidden?: number;
  /** `quick-gelu` for weights of OpenAI, `gelu` for most of OpenCLIP's. */
  readonly activation: 'quick-gelu' | 'gelu';
  /** E, the length of the vectors that images and texts share. Without, there is no projection behind the last layer norm. */
  readonly embedding?: number;
  /**
   * How positions are brought to images of another size, both bicubically: `antialiased` as open_clip brings weights there, the default;
   * `plain` as transformers, with `interpolate_pos_encoding`.
   */
  readonly resizing?: 'antialiased' | 'plain';
};

/** Parameters of a vision tower of CLIP. */
export type ClipVitParams = {
  /** `kernel` `[p * p * 3, D]`, rows in the order (y, x, channel); no bias. */
  readonly patchEmbed: LinearParams;
  /** `[D]`. */
  readonly cls: Tensor;
  /** `[1 + N, D]`, the CLS token's first. */
  readonly position: Tensor;
  readonly normPre: LayerNormParams;
  /** By index, from '0'. */
  readonly blocks: Readonly<Record<string, BlockParams>>;
  readonly normPost: LayerNormParams;
  /** `[D, E]`, if the configuration has an `embedding`. */
  readonly projection?: Tensor;
};

/** What a vision tower of CLIP gives. Whoever called disposes both. */
export type ClipVitOutputs = {
  /** `[B, E]`, not normalised: the CLS token in the space of texts; `[B, D]` without a projection. */
  readonly pooled: Tensor2D;
  /** Outputs of the last block, `[B, 1 + N, D]`, CLS token first, before any norm. */
  readonly tokens: Tensor3D;
  /** The grid that the images were cut into: `N = rows * columns`. */
  readonly grid: PatchGrid;
};

/** The shape of every parameter of {@link ClipVitParams}. */
export function clipVitShapes(config: ClipVitConfig): ParameterShapes {
  const { patchSize, width, depth, embedding } = config;
  return {
    patchEmbed: { kernel: [patchSize * patchSize * 3, width] },
    cls: [width],
    position: [1 + gridSide(config) ** 2, width],
    normPre: layerNormShapes(width),
    blocks: Object.fromEntries(Array.from({ length: depth }, (_, i) => [i, blockShapes(clipBlock(config))])),
    normPost: layerNormShapes(width),
    ...(embedding !== undefined && { projection: [width, embedding] }),
  };
}

/**
 * A freshly initialised vision tower of CLIP: CLS token, positions and projection N(0, 1/D), packed attention kernels Xavier-uniform, other
 * kernels uniform within `1/sqrt(inputs)` (PyTorch's default), biases 0.
 *
 * As OpenCLIP (`transformer.py`, VisionTransformer). Deviation: biases of the MLP are 0 there too, where PyTorch's default draws them.
 *
 * @returns the parameter tree, the caller's (`disposeTree`)
 * @throws `invalid-argument` for a configuration that cannot be
 */
export function initClipVit(config: ClipVitConfig, rng: Rng): ClipVitParams {
  const { width, heads, imageSize, patchSize, depth, embedding } = config;
  const counts = { imageSize, patchSize, depth, 'imageSize / patchSize, rounded down': gridSide(config) };
  requireTower('initClipVit', { width, heads, ...counts, ...(embedding !== undefined && { embedding }) });
  const small = normal(config.width ** -0.5);
  return initParameters(clipVitShapes(config), rng, [
    ['cls', small],
    ['position', small],
    ['projection', small],
    ['**.qkv.kernel', xavierUniform()],
    ['**.kernel', fanInUniform],
    ['**.scale', filled(1)],
    ['**.bias', filled(0)],
  ]) as ClipVitParams;
}

/**
 * The vision tower of CLIP: patch embedding without bias, CLS token in front, positions, a layer norm, pre-norm blocks, and the CLS token's
 * layer norm and projection.
 *
 * @param images `[B, H, W, 3]`, RGB normalised by CLIP's means and deviations; positions are resized to images that are not `imageSize` by
 *   `imageSize`, the CLS token's stays
 * @param options.readout what the last block does, as for `applyVit`; only with `tokens` (the default) does `pooled` mean something
 * @param options.onEmbeddings what is done to embeddings before the first block; nothing by default
 * @throws `shape-mismatch` for images smaller than a patch, or fewer blocks in `params` than the configuration says
 * @see "Learning Transferable Visual Models From Natural Language Supervision", Radford et al. 2021 (arXiv 2103.00020); OpenAI `model.py`
 *   (VisionTransformer). Layer norms have epsilon 1e-5. Other sizes: open_clip `model.py` (resize_pos_embed), transformers
 *   `modeling_clip.py` (interpolate_pos_encoding)
 * @example applyClipVit(config, params, zeros([2, 224, 224, 3])).pooled.shape // [2, 512]
 */
export function applyClipVit(
  config: ClipVitConfig,
  params: ClipVitParams,
  images: Tensor4D,
  { readout = 'tokens', onEmbeddings }: Pick<VitOptions, 'readout' | 'onEmbeddings'> = {},
): ClipVitOutputs {
  const { patchSize, width, depth, resizing = 'antialiased' } = config;
  const [block, batch] = [clipBlock(config), images.shape[0]];
  return tidy(() => {
    const whole = wholePatches(images, patchSize);
    const grid = patchGridOf(whole.shape, patchSize);
    const projected = embedPatches(whole, patchSize, params.patchEmbed); // [B, N, D]
    const patches = hookEmbeddings('applyClipVit', onEmbeddings, 'before', projected);
    const sequence: Tensor3D = concat([repeatForBatch(reshape(params.cls, [1, width]), batch) as Tensor3D, patches], 1); // [B, 1 + N, D]
    const positions = positionsBehindCls(params.position, grid, resizings[resizing]);
    const placed = add(sequence, repeatForBatch(concat([positions.cls, positions.patches], 0), batch));
    const normed = layerNorm(placed, params.normPre, block.epsilon) as Tensor3D;
    let tokens = hookEmbeddings('applyClipVit', onEmbeddings, 'after', normed, { mayAdd: true });
    const added = tokens.shape[1] - normed.shape[1];
    for (let i = 0; i < depth; i++) {
      const own = blockAt('applyClipVit', params.blocks, i, depth);
      const isRead = i === depth - 1 && readout !== 'tokens';
      tokens = isRead ? readValues(block, own, tokens, readout) : applyBlock(block, own, tokens);
    }
    const cls = reshape(slice(tokens, [0, 0, 0], [batch, 1, width]), [batch, width]);
    return { pooled: projectClipTokens(config, params, cls) as Tensor2D, tokens: withoutAdded(tokens, 1, added), grid };
  });
}

const resizings: Readonly<Record<NonNullable<ClipVitConfig['resizing']>, PositionResizing>> = {
  antialiased: antialiasedPositions,
  plain: bicubicPositions,
};

/**
 * Tokens of the last block in the space of texts: `LN_post(x) projection`, which CLIP was trained to do with the CLS token alone. `LN_post(x)`
 * without a projection.
 *
 * @param tokens `[..., D]`
 * @returns `[..., E]`, or `[..., D]` without a projection; not normalised, the caller's
 * @see "Extract Free Dense Labels from CLIP" (MaskCLIP), Zhou et al. 2022 (arXiv 2112.01071), section 3.2
 * @example projectClipTokens(config, params, tokens).shape // [2, 50, 512] for B/32
 */
export function projectClipTokens(config: ClipVitConfig, params: ClipVitParams, tokens: Tensor): Tensor {
  const { epsilon } = clipBlock(config);
  const { projection } = params;
  return tidy(() => {
    const normed = layerNorm(tokens, params.normPost, epsilon);
    return projection ? linear(normed, { kernel: projection }) : normed;
  });
}

/** The vision towers of OpenAI's CLIP; for the weights of LAION and DataComp: `{ ...clipVitPresets['B/32'], activation: 'gelu' }`. */
export const clipVitPresets: Readonly<Record<'B/32' | 'B/16' | 'L/14', ClipVitConfig>> = {
  'B/32': { imageSize: 224, patchSize: 32, width: 768, depth: 12, heads: 12, activation: 'quick-gelu', embedding: 512 },
  'B/16': { imageSize: 224, patchSize: 16, width: 768, depth: 12, heads: 12, activation: 'quick-gelu', embedding: 512 },
  'L/14': { imageSize: 224, patchSize: 14, width: 1024, depth: 24, heads: 16, activation: 'quick-gelu', embedding: 768 },
};

function clipBlock({ width, heads, activation, mlpHidden = 4 * width }: ClipVitConfig): BlockConfig {
  return { width, heads, mlp: { kind: activation, hidden: mlpHidden }, epsilon: 1e-5 };
}
