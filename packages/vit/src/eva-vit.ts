import {
  add,
  concat,
  reshape,
  split,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';
import { countShapes, layerNormShapes, linearShapes, type ParameterShapes } from '@vitrail/core';
import {
  type LayerNormParams,
  type LinearParams,
  layerNorm,
  linear,
  type Rotary,
  repeatForBatch,
  takeTokens,
} from '@vitrail/ops';
import type { VitOptions } from './apply-vit.ts';
import { blockAt } from './block-at.ts';
import { applyEvaBlock, type EvaBlockConfig, type EvaBlockParams, evaBlockShapes } from './eva-block.ts';
import { evaRotary, keptRotary } from './eva-rotary.ts';
import { embedPatches, type PatchGrid, patchGridOf } from './patch-embed.ts';
import { bicubicPositions } from './position-resizing.ts';
import { positionsBehindCls } from './position-table.ts';
import { rematBlock } from './remat-block.ts';
import { replaceMasked } from './replace-masked.ts';
import { requireVitInputs } from './require-vit-inputs.ts';

/** A vision tower of EVA-01, EVA-02, EVA-CLIP or UTA. */
export type EvaVitConfig = EvaBlockConfig & {
  /** Side of the square images that the position table is for, in pixels; a multiple of the patch size. */
  readonly imageSize: number;
  /** Side of a patch, in pixels. */
  readonly patchSize: number;
  /** Number of blocks. */
  readonly depth: number;
  /** Side of the grid onto which rotary positions are squeezed or stretched: 16 in EVA-02 and UTA. None without (EVA-01). */
  readonly rotaryGrid?: number;
  /** E, the length of the vectors that images and texts share. Without, there is no head behind the last layer norm. */
  readonly embedding?: number;
  /** Whether there is a learned token that stands in for masked patches; false by default. */
  readonly maskToken?: boolean;
};

/** Parameters of a vision tower of EVA. */
export type EvaVitParams = {
  /** `kernel` `[p * p * 3, D]`, whose rows are the pixels of a patch in the order (y, x, channel); `bias` `[D]`. */
  readonly patchEmbed: LinearParams;
  /** `[D]`. */
  readonly cls: Tensor;
  /** `[1 + N, D]`, the CLS token's first, then patches row by row. */
  readonly position: Tensor2D;
  /** `[D]`, if the configuration asks for it. */
  readonly maskToken?: Tensor;
  /** By index, from '0'. */
  readonly blocks: Readonly<Record<string, EvaBlockParams>>;
  /** The last layer norm. */
  readonly norm: LayerNormParams;
  /** `kernel` `[D, E]`, `bias` `[E]`, if the configuration has an `embedding`. */
  readonly head?: LinearParams;
};

/** How {@link applyEvaVit} runs: `mask`, `keep` and `remat` as those of `applyVit`. */
export type EvaVitOptions = Pick<VitOptions, 'mask' | 'keep' | 'remat'>;

/** What a vision tower of EVA gives. Whoever called disposes the tensors. */
export type EvaVitOutputs = {
  /** `[B, 1, E]`, or `[B, 1, D]` without a head: what is compared with texts, not normalised. */
  readonly cls: Tensor3D;
  /** `[B, N, E]` row by row, or `[B, K, E]` in the order of `keep`: patches in the same space. */
  readonly patches: Tensor3D;
  /** Outputs of the last block, `[B, 1 + N, D]` or `[B, 1 + K, D]`, CLS token first, before any norm. */
  readonly tokens: Tensor3D;
  /** The grid that the images were cut into: `N = rows * columns`. */
  readonly grid: PatchGrid;
};

/** The shape of every parameter of {@link EvaVitParams}. */
export function evaVitShapes(config: EvaVitConfig): ParameterShapes {
  const { imageSize, patchSize, width, depth, embedding } = config;
  return {
    patchEmbed: linearShapes(patchSize * patchSize * 3, width),
    cls: [width],
    position: [1 + (imageSize / patchSize) ** 2, width],
    ...(config.maskToken && { maskToken: [width] }),
    blocks: Object.fromEntries(Array.from({ length: depth }, (_, i) => [i, evaBlockShapes(config)])),
    norm: layerNormShapes(width),
    ...(embedding !== undefined && { head: linearShapes(width, embedding) }),
  };
}

/**
 * The number of parameters of a vision tower of EVA, counted from shapes alone: nothing is allocated.
 *
 * @example evaVitParameterCount(evaVitPresets['B/16']) // 86638336
 */
export function evaVitParameterCount(config: EvaVitConfig): number {
  return countShapes(evaVitShapes(config));
}

/**
 * The vision tower of UTA, EVA-02 and EVA-CLIP.
 *
 * In this order: patch embedding; masked patches replaced by the mask token; CLS token in front; learned positions added, of
 * which the CLS token has one too; patches dropped that `keep` leaves out; pre-norm blocks, in which patches, but not the CLS
 * token, are turned by their place; a layer norm and the head over all tokens. For other sizes than `imageSize` learned
 * positions are resized (bicubic, the CLS token's stays) and rotary ones squeezed.
 *
 * @param images `[B, H, W, 3]`, RGB normalised by CLIP's means and deviations; H and W multiples of the patch size
 * @throws `shape-mismatch` for images or a mask that do not fit, or fewer blocks in `params` than the configuration says;
 *   `invalid-argument` for images that are not float32, a mask without a mask token, patches to keep that there are not, or a
 *   head size that rotary positions cannot turn
 * @see "Enhancing Vision-Language Model with Unmasked Token Alignment", Liu et al. 2024 (arXiv 2405.19009), section 2.2;
 *   jihaonew/UTA `eva_vit.py` (EVAVisionTransformer), which applies norm and head to the CLS token alone, and takes images of
 *   one size; positions: baaivision/EVA `interpolate_patch_14to16.py`; mask token: EVA-02 `modeling_pretrain.py`. No stochastic
 *   depth
 * @example applyEvaVit(evaVitPresets['B/16'], params, zeros([2, 224, 224, 3])).cls.shape // [2, 1, 1024]
 */
export function applyEvaVit(
  config: EvaVitConfig,
  params: EvaVitParams,
  images: Tensor4D,
  options: EvaVitOptions = {},
): EvaVitOutputs {
  const grid = patchGridOf(images.shape, config.patchSize);
  requireVitInputs('applyEvaVit', images, grid, { depth: config.depth, maskToken: params.maskToken }, options);
  const run = (block: EvaBlockParams, x: Tensor, cos?: Tensor, sin?: Tensor) =>
    applyEvaBlock(config, block, x as Tensor3D, cos && sin && ({ cos, sin } as Rotary));
  return tidy(() => {
    const rotary = rotaryFor(config, grid, options.keep);
    const tables = rotary ? [rotary.cos, rotary.sin] : [];
    let tokens = tokenSequence(config, params, images, grid, options); // [B, 1 + K, D]
    for (let i = 0; i < config.depth; i++) {
      const block = blockAt('applyEvaVit', params.blocks, i, config.depth);
      tokens = options.remat ? rematBlock(run, block, [tokens, ...tables]) : run(block, tokens, ...tables);
    }
    const normed = layerNorm(tokens, params.norm, config.epsilon) as Tensor3D;
    const projected = params.head ? (linear(normed, params.head) as Tensor3D) : normed; // [B, 1 + K, E]
    const [cls, patches] = split<Tensor3D>(projected, [1, projected.shape[1] - 1], 1);
    return { cls, patches, tokens, grid };
  });
}

function tokenSequence(
  { patchSize, width }: EvaVitConfig,
  params: EvaVitParams,
  images: Tensor4D,
  grid: PatchGrid,
  { mask, keep }: EvaVitOptions,
): Tensor3D {
  const batch = images.shape[0];
  const embedded = embedPatches(images, patchSize, params.patchEmbed); // [B, N, D]
  const seen = mask && params.maskToken ? replaceMasked(embedded, params.maskToken, mask) : embedded;
  const positions = positionsBehindCls(params.position, grid, bicubicPositions);
  const placed: Tensor3D = add(seen, repeatForBatch(positions.patches, batch));
  const cls = repeatForBatch(add(reshape(params.cls, [1, width]), positions.cls), batch) as Tensor3D; // [B, 1, D]
  return concat([cls, keep ? takeTokens(placed, keep) : placed], 1);
}

function rotaryFor({ width, heads, rotaryGrid }: EvaVitConfig, grid: PatchGrid, keep: Tensor2D | undefined): Rotary | undefined {
  if (rotaryGrid === undefined) return undefined;
  const all = evaRotary(width / heads, grid, rotaryGrid);
  return keep ? keptRotary(all, keep) : all;
}
