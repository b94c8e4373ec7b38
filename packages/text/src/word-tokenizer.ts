import { VitrailError } from '@vitrail/core';
import { requireMaxTokens } from './require-max-tokens.ts';
import { splitWords } from './split-words.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Id 0 is padding, ids 1 to 256 are the bytes. */
const FIRST_BYTE = 1;
const FIRST_WORD = 257;

/**
 * A tokenizer of whole words, by the rules of TIPS: lower case, no tokens for the beginning or the end, id 0 for padding, texts cut to the
 * first `maxTokens`.
 *
 * Ids: 0 padding, `1 + b` the byte `b`, `257 + i` the word `words[i]`. Words are runs of letters and digits; every punctuation mark is one.
 * A word that is not in the vocabulary is spelled in its UTF-8 bytes, so every text has tokens; where two such words meet, nothing marks
 * the gap between them. Deviation: TIPS has 32,000 sub-words of SentencePiece.
 *
 * @param options `words` the vocabulary, each lower-case, in NFC and a single word, as `learnWords` gives them; `maxTokens` at least 1
 * @throws `invalid-argument` for words that no text could contain, or that come twice
 * @see "TIPS", arXiv 2410.16512; PyTorch `text_encoder.py` (Tokenizer)
 * @example wordTokenizer({ words: ['a', 'red', 'ball'], maxTokens: 8 }).encode('A red box') // [257, 258, 99, 112, 121]
 */
export function wordTokenizer({ words, maxTokens }: { words: readonly string[]; maxTokens: number }): Tokenizer {
  requireMaxTokens('wordTokenizer', maxTokens, 1);
  const ids = new Map<string, number>();
  for (const word of words) {
    const split = splitWords(word);
    if (split.length !== 1 || split[0] !== word) {
      throw new VitrailError(
        'invalid-argument',
        `wordTokenizer: words are single and lower-case, but ${JSON.stringify(word)} came, which texts contain as ${JSON.stringify(split)}`,
      );
    }
    if (ids.has(word)) throw new VitrailError('invalid-argument', `wordTokenizer: words are distinct, but "${word}" came twice`);
    ids.set(word, FIRST_WORD + ids.size);
  }
  const vocabulary = [...ids.keys()];
  const utf8 = new TextEncoder();
  return {
    vocabularySize: FIRST_WORD + vocabulary.length,
    maxTokens,
    encode(text) {
      const encoded: number[] = [];
      for (const word of splitWords(text)) {
        if (encoded.length >= maxTokens) break;
        const id = ids.get(word);
        if (id === undefined) for (const byte of utf8.encode(word)) encoded.push(FIRST_BYTE + byte);
        else encoded.push(id);
      }
      return encoded.slice(0, maxTokens);
    },
    toJSON: () => ({ kind: 'word', maxTokens, words: vocabulary }),
  };
}
