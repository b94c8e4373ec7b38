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
import { layerNorm, repeatForBatch, takeTokens } from '@vitrail/ops';
import { applyBlock, type BlockParams } from './block.ts';
import { blockAt } from './block-at.ts';
import { type EmbeddingHooks, hookEmbeddings, withoutAdded } from './embedding-hooks.ts';
import { embedPatches, type PatchGrid, patchGridOf } from './patch-embed.ts';
import { bilinearPositions } from './position-resizing.ts';
import { rematBlock } from './remat-block.ts';
import { replaceMasked } from './replace-masked.ts';
import { requireVitInputs } from './require-vit-inputs.ts';
import { readValues } from './value-readout.ts';
import type { VitConfig, VitParams } from './vit.ts';

/** How {@link applyVit} runs. */
export type VitOptions = {
  /** `[B, N]`, 1 for a patch that the mask token replaces, 0 for one that is seen. */
  readonly mask?: Tensor2D;
  /** `[B, K]`, int32: the patches that are computed at all, chosen after positions were added. All by default. */
  readonly keep?: Tensor2D;
  /**
   * What the last block does: `tokens` (the default) attends; `value` keeps every token's own value instead of mixing them, with residual
   * and MLP, for zero-shot segmentation; `value-only` is that value, projected, alone. CLS tokens go the same way, so only with `tokens`
   * are they the global embedding.
   */
  readonly readout?: 'tokens' | 'value' | 'value-only';
  /** Indices of blocks whose outputs are wanted too. None by default. */
  readonly blocks?: readonly number[];
  /** Whether to keep only the inputs of blocks for the backward pass and run each block again there: less memory, more time. */
  readonly remat?: boolean;
  /** What is done to embeddings before the first block. Nothing by default. */
  readonly onEmbeddings?: EmbeddingHooks;
};

/** What a vision tower gives. Whoever called disposes the tensors. */
export type VitOutputs = {
  /** `[B, C, D]`, after the last layer norm. */
  readonly cls: Tensor3D;
  /** `[B, N, D]` row by row, after the last layer norm; `[B, K, D]` in the order of `keep`. */
  readonly patches: Tensor3D;
  /** Outputs of the chosen blocks, by index: `[B, C + N, D]` (or `C + K`), CLS tokens first, before any norm. */
  readonly blocks: Readonly<Record<number, Tensor3D>>;
  /** The grid that the images were cut into: `N = rows * columns`. */
  readonly grid: PatchGrid;
};

/**
 * The vision tower of TIPS and TIPSv2.
 *
 * In this order: patch embedding; masked patches replaced by the mask token, so that they keep their position; positions added, resized to
 * the images' grid; patches dropped that `keep` leaves out; CLS tokens, without position, in front; pre-norm blocks; a layer norm over all
 * tokens. Nothing projects afterwards: CLS tokens and pooled text are compared as they are.
 *
 * @param images `[B, H, W, 3]`, RGB in [0, 1] without further normalisation; H and W multiples of the patch size
 * @throws `shape-mismatch` for images or a mask that do not fit, or fewer blocks in `params` than the configuration says;
 *   `invalid-argument` for images that are not float32, a mask without a mask token, or a block that there is not
 * @see "TIPS", arXiv 2410.16512; "TIPSv2", arXiv 2604.12012, section 3; code: scenic `models/vit.py` (ToTokenSequence, ViT), mask token:
 *   PyTorch `image_encoder.py` (prepare_tokens_with_masks). Deviation: sides that are not multiples of the patch size are an error (scenic
 *   pads them with zeros)
 * @example applyVit(config, params, zeros([2, 56, 56, 3])).patches.shape // [2, 16, 384] for patches of 14 pixels
 */
export function applyVit(config: VitConfig, params: VitParams, images: Tensor4D, options: VitOptions = {}): VitOutputs {
  const { readout = 'tokens', blocks: wanted = [] } = options;
  const grid = patchGridOf(images.shape, config.patchSize);
  requireVitInputs('applyVit', images, grid, { depth: config.depth, maskToken: params.maskToken }, options);
  const run = (block: BlockParams, tokens: Tensor) => applyBlock(config, block, tokens as Tensor3D);
  const again = (block: BlockParams, tokens: Tensor3D) => rematBlock(run, block, [tokens]);
  return tidy(() => {
    const sequence = tokenSequence(config, params, images, grid, options); // [B, C + N, D]
    let x = hookEmbeddings('applyVit', options.onEmbeddings, 'after', sequence, { mayAdd: true });
    const added = x.shape[1] - sequence.shape[1];
    const blocks: Record<number, Tensor3D> = {};
    for (let i = 0; i < config.depth; i++) {
      const block = blockAt('applyVit', params.blocks, i, config.depth);
      const last = i === config.depth - 1;
      x = last && readout !== 'tokens' ? readValues(config, block, x, readout) : (options.remat ? again : run)(block, x);
      if (wanted.includes(i)) blocks[i] = withoutAdded(x, config.clsTokens, added);
    }
    const normed = layerNorm(withoutAdded(x, config.clsTokens, added), params.norm, config.epsilon) as Tensor3D;
    const [cls, patches] = split<Tensor3D>(normed, [config.clsTokens, normed.shape[1] - config.clsTokens], 1);
    return { cls, patches, blocks, grid };
  });
}

function tokenSequence(
  { patchSize, clsTokens, width }: VitConfig,
  params: VitParams,
  images: Tensor4D,
  grid: PatchGrid,
  { mask, keep, onEmbeddings }: VitOptions,
): Tensor3D {
  const batch = images.shape[0];
  const projected = embedPatches(images, patchSize, params.patchEmbed); // [B, N, D]
  const embedded = hookEmbeddings('applyVit', onEmbeddings, 'before', projected);
  const seen = mask && params.maskToken ? replaceMasked(embedded, params.maskToken, mask) : embedded;
  const placed: Tensor3D = add(seen, repeatForBatch(bilinearPositions(params.position as Tensor3D, grid), batch));
  const patches = keep ? takeTokens(placed, keep) : placed; // [B, K, D]
  const cls = reshape(repeatForBatch(params.cls, batch), [batch, clsTokens, width]) as Tensor3D;
  return concat([cls, patches], 1);
}
