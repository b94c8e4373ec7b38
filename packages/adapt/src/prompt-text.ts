import { concat, slice, type Tensor2D, tidy, zeros } from '@tensorflow/tfjs-core';
import { requireShape } from '@vitrail/core';
import type { TextConfig, TextInputs } from '@vitrail/text';
import type { EmbeddingHooks } from '@vitrail/vit';
import { insertPrompts } from './prompts.ts';
import { requireRoom } from './require-room.ts';

/**
 * Learned prompts in front of texts for the tower of TIPS: `[P; text]`. Positions of the text shift by P, and what goes beyond `maxTokens`
 * falls off its end.
 *
 * Prompts are no padding: every token sees them, and they are part of the mean that is the text's embedding. So a text of padding alone no
 * longer gives zeros. As embeddings of words, prompts are multiplied by `sqrt(d)` in the tower.
 *
 * @param config the tower's
 * @param prompts `[P, d]`
 * @returns `inputs` `[B, min(P + L, maxTokens)]`, the caller's to dispose, whose first P ids stand for nothing, and hooks that put the
 *   prompts there: `applyText(config, params, inputs, { onEmbeddings })`
 * @throws `shape-mismatch` for prompts that are not `[P, d]`; `invalid-argument` when no token of a text would be left
 * @see "The Power of Scale for Parameter-Efficient Prompt Tuning", Lester et al. 2021 (arXiv 2104.08691), section 2
 * @example promptText(config, prompts, { ids, padding }).inputs.ids.shape // [2, 64] for 8 prompts and ids of [2, 64], with 64 tokens at most
 */
export function promptText(
  { maxTokens, width }: TextConfig,
  prompts: Tensor2D,
  { ids, padding }: TextInputs,
): { inputs: TextInputs; onEmbeddings: EmbeddingHooks } {
  requireShape('promptText', 'prompts', prompts, ['P', width]);
  requireShape('promptText', 'ids', ids, ['B', 'L']);
  requireShape('promptText', 'padding', padding, ids.shape);
  const [count] = prompts.shape;
  requireRoom('promptText', { count, others: 1, maxTokens });
  const [batch, length] = ids.shape;
  const shifted = (x: Tensor2D): Tensor2D => {
    const kept = slice(x, [0, 0], [batch, Math.min(length, maxTokens - count)]);
    return concat([zeros([batch, count], x.dtype), kept], 1) as Tensor2D;
  };
  return {
    inputs: tidy(() => ({ ids: shifted(ids), padding: shifted(padding) })),
    onEmbeddings: { before: (tokens) => tidy(() => insertPrompts(tokens, prompts, { first: 0, replaced: count })) },
  };
}
