import { VitrailError } from '@vitrail/core';
import type { Tokenizer } from './tokenizer.ts';

/** Tokenised texts, row by row. */
export type EncodedBatch = {
  /** `[count, maxTokens]`: the ids of each text, then the tokenizer's `padId`. */
  readonly ids: Int32Array;
  /** `[count, maxTokens]`: 1 where a text has ended, 0 before. */
  readonly padding: Uint8Array;
  /** `[count, maxTokens]`. */
  readonly shape: [number, number];
};

/**
 * Texts as rows of ids, filled up on the right with the tokenizer's `padId` (0 if it has none).
 *
 * Padding is where a text has ended, whatever its ids are: in the vocabulary of CLIP 0 is an ordinary token, too,
 * and SigLIP fills up with its end token. Deviation: where one text
 * of a batch is longer than `maxTokens`, the tokenizer of TIPS (PyTorch `text_encoder.py`) reports no padding for all of them; here every
 * text has its own.
 *
 * @throws `invalid-argument` when the tokenizer gives more ids than its `maxTokens`
 * @example encodeBatch(tokenizer, ['a red ball', 'a cat']).shape // [2, 64] for maxTokens 64
 */
export function encodeBatch(tokenizer: Tokenizer, texts: readonly string[]): EncodedBatch {
  const { maxTokens, padId = 0 } = tokenizer;
  const ids = new Int32Array(texts.length * maxTokens).fill(padId);
  const padding = new Uint8Array(ids.length).fill(1);
  texts.forEach((text, row) => {
    const encoded = tokenizer.encode(text);
    if (encoded.length > maxTokens) {
      throw new VitrailError(
        'invalid-argument',
        `encodeBatch: a tokenizer gives at most its maxTokens, ${maxTokens}, but ${encoded.length} came for a text`,
      );
    }
    const start = row * maxTokens;
    ids.set(encoded, start);
    padding.fill(0, start, start + encoded.length);
  });
  return { ids, padding, shape: [texts.length, maxTokens] };
}
