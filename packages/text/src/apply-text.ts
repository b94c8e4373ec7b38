import { add, cast, div, expandDims, mul, sub, sum, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { layerNorm } from '@vitrail/ops';
import { applyBlock, blockAt, type EmbeddingHooks, hookEmbeddings } from '@vitrail/vit';
import { embedTokens } from './embed-tokens.ts';
import { sinusoid } from './sinusoid.ts';
import { type TextConfig, type TextParams, textBlock } from './text.ts';

/** Tokenised texts. */
export type TextInputs = {
  /** `[B, L]`, int32, in `[0, vocabularySize)`; L at most `maxTokens`. */
  readonly ids: Tensor2D;
  /** `[B, L]`, 1 where a text has ended, 0 before. */
  readonly padding: Tensor2D;
};

/** How a text tower runs. */
export type TextOptions = {
  /** What is done to embeddings before the first block, at padding too. Nothing by default. */
  readonly onEmbeddings?: EmbeddingHooks;
  /** What is done to the tokens on their way into block `block`, the residual among them: dropout in training. Gives the same shape. */
  readonly onBlockInput?: (tokens: Tensor3D, block: number) => Tensor3D;
};

/** What a text tower of TIPS gives. Whoever called disposes both. */
export type TextOutputs = {
  /** `[B, L, D]`, after the last layer norm; without meaning at padding. */
  readonly tokens: Tensor3D;
  /** `[B, D]`, not normalised: what is compared with the CLS tokens of the image tower. */
  readonly pooled: Tensor2D;
};

/**
 * The text tower of TIPS and TIPSv2.
 *
 * `x = E[ids] sqrt(D) + S` with fixed positions S (all sines, then all cosines); pre-norm blocks with ReLU, in which every token sees
 * every token but padding; a layer norm; and the mean over tokens that are not padding, `sum_l valid_l x_l / (sum_l valid_l + 1e-8)`.
 * Nothing projects afterwards. A text of padding alone gives zeros. Which ids stand at padding makes no difference.
 *
 * @throws `shape-mismatch` for texts longer than `maxTokens`, padding of another shape than ids, or fewer blocks in `params` than the
 *   configuration says; `invalid-argument` for ids that are not int32 or lie outside the vocabulary (not looked at on GPU backends)
 * @see "TIPS", arXiv 2410.16512; "TIPSv2", arXiv 2604.12012; scenic `models/text.py`, `models/tips.py` (TextEncoder). No dropout
 *   but what `onBlockInput` does
 * @example applyText(textPresets.B, params, { ids: zeros([2, 64], 'int32'), padding: zeros([2, 64]) }).pooled.shape // [2, 768]
 */
export function applyText(
  config: TextConfig,
  params: TextParams,
  { ids, padding }: TextInputs,
  { onEmbeddings, onBlockInput = (tokens) => tokens }: TextOptions = {},
): TextOutputs {
  const { depth, width, maxTokens } = config;
  const block = textBlock(config);
  return tidy(() => {
    const lookedUp = embedTokens('applyText', params.tokenEmbedding, ids, maxTokens); // [B, L, D]
    const embedded = hookEmbeddings('applyText', onEmbeddings, 'before', lookedUp);
    requireSameShape(ids, padding);
    const keyMask: Tensor2D = sub(1, cast(padding, 'float32'));
    const placed: Tensor3D = add(mul(embedded, Math.sqrt(width)), sinusoid(ids.shape[1], width));
    let x = hookEmbeddings('applyText', onEmbeddings, 'after', placed);
    for (let i = 0; i < depth; i++) {
      x = applyBlock(block, blockAt('applyText', params.blocks, i, depth), onBlockInput(x, i), { keyMask });
    }
    const tokens = layerNorm(x, params.norm, block.epsilon) as Tensor3D;
    const weights = div(keyMask, add(sum(keyMask, 1, true), 1e-8)); // [B, L]
    return { tokens, pooled: sum(mul(tokens, expandDims(weights, 2)), 1) as Tensor2D };
  });
}

function requireSameShape(ids: Tensor2D, padding: Tensor2D): void {
  if (padding.shape.length !== 2 || padding.shape.some((length, axis) => length !== ids.shape[axis])) {
    throw new VitrailError(
      'shape-mismatch',
      `applyText: padding has the shape of ids, [${ids.shape.join(', ')}], but [${padding.shape.join(', ')}] came`,
    );
  }
}
