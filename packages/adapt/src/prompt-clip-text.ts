import {
  argMax,
  cast,
  concat,
  equal,
  expandDims,
  fill,
  greater,
  max,
  slice,
  type Tensor2D,
  tidy,
  tile,
  where,
} from '@tensorflow/tfjs-core';
import { requireShape } from '@vitrail/core';
import type { ClipTextConfig } from '@vitrail/text';
import type { EmbeddingHooks } from '@vitrail/vit';
import { insertPrompts } from './prompts.ts';
import { requireRoom } from './require-room.ts';

/**
 * Learned prompts in texts for the tower of CLIP, behind the start token: `[start; P; text; end]`. Positions of the text and of its end shift
 * by P; what goes beyond `maxTokens` falls off, and a text whose end would fall off ends at the last token, as when a tokenizer cuts it.
 *
 * @param config the tower's
 * @param prompts `[P, d]`
 * @param ids `[B, L]`, int32, each text with a start token first
 * @returns `ids` `[B, min(P + L, maxTokens)]`, the caller's to dispose, in which the start token stands P times more, and hooks that put the
 *   prompts there: `applyClipText(config, params, ids, { onEmbeddings })`
 * @throws `shape-mismatch` for prompts that are not `[P, d]` or ids that are no matrix; `invalid-argument` when start and end would not fit
 * @see "The Power of Scale for Parameter-Efficient Prompt Tuning", Lester et al. 2021 (arXiv 2104.08691); "Learning to Prompt for
 *   Vision-Language Models" (CoOp), Zhou et al. 2021 (arXiv 2109.01134), section 3.2 with the class at the end
 * @example promptClipText(clipTextPresets['B/32'], prompts, ids).ids.shape // [2, 77] for ids of [2, 77]
 */
export function promptClipText(
  { maxTokens, width, endId }: ClipTextConfig,
  prompts: Tensor2D,
  ids: Tensor2D,
): { ids: Tensor2D; onEmbeddings: EmbeddingHooks } {
  requireShape('promptClipText', 'prompts', prompts, ['P', width]);
  requireShape('promptClipText', 'ids', ids, ['B', 'L']);
  const [count] = prompts.shape;
  requireRoom('promptClipText', { count, others: 2, maxTokens });
  return {
    ids: tidy(() => idsWithRoom(ids, { count, maxTokens, endId })),
    onEmbeddings: { before: (tokens) => tidy(() => insertPrompts(tokens, prompts, { first: 1, replaced: count })) },
  };
}

/** Ids with the first one `count` times more: never the largest of a text, nor the one that ends it. */
function idsWithRoom(ids: Tensor2D, { count, maxTokens, endId }: { count: number; maxTokens: number; endId?: number }): Tensor2D {
  const [batch, length] = ids.shape;
  const starts = tile(slice(ids, [0, 0], [batch, 1]), [1, count + 1]);
  const kept = Math.min(length, maxTokens - count); // of the texts' own tokens
  if (kept === length) return concat([starts, slice(ids, [0, 1], [batch, length - 1])], 1);
  const marks = endId === undefined ? ids : cast(equal(ids, endId), 'int32');
  const hasFallenOff = greater(expandDims(argMax(marks, 1), 1), kept - 1); // [B, 1]
  const end = endId === undefined ? max(ids, 1, true) : fill([batch, 1], endId, 'int32');
  const last = where(hasFallenOff, end, slice(ids, [0, kept - 1], [batch, 1]));
  return concat([starts, slice(ids, [0, 1], [batch, kept - 2]), last as Tensor2D], 1);
}
