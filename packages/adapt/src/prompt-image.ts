import { type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { requireShape } from '@vitrail/core';
import type { EmbeddingHooks } from '@vitrail/vit';
import { insertPrompts } from './prompts.ts';

/**
 * Learned prompts in an image tower, between the CLS tokens and the patches, in front of the first block: `[cls; P; patches]`. They have no
 * position, every block sees them, and the tower does not give them back.
 *
 * In CLIP's tower they come after the first layer norm, which they do not pass.
 *
 * @param prompts `[P, d]`
 * @param options.clsTokens C, the tower's number of CLS tokens; 1 by default, TIPS has 2
 * @returns hooks for `onEmbeddings` of `applyVit` or `applyClipVit`
 * @throws `shape-mismatch` for prompts that are no matrix, or of another width than tokens
 * @see "Visual Prompt Tuning", Jia et al. 2022 (arXiv 2203.12119), section 3.2, VPT-Shallow
 * @example applyClipVit(config, params, images, { onEmbeddings: promptImage(prompts) }).tokens.shape // [2, 50, 768], as without
 */
export function promptImage(prompts: Tensor2D, { clsTokens = 1 }: { clsTokens?: number } = {}): EmbeddingHooks {
  requireShape('promptImage', 'prompts', prompts, ['P', 'd']);
  return {
    after(tokens) {
      requireShape('promptImage', 'prompts', prompts, ['P', tokens.shape[2]]);
      return tidy(() => insertPrompts(tokens, prompts, { first: clsTokens, replaced: 0 }));
    },
  };
}
