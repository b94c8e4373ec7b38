import { BYTE_ORDER, byteCharacters } from './byte-characters.ts';
import { bytePairEncoder } from './byte-pairs.ts';
import { captionCleaner } from './clean-caption.ts';
import { requireMaxTokens } from './require-max-tokens.ts';
import type { Tokenizer } from './tokenizer.ts';

/**
 * The two literals that stand for the special tokens, else what the merges work on: contractions, letters, single digits, the rest. The
 * reference ignores case, by which ſ is an s, and U+0345 is too much of a letter for the rest and too little for a word.
 */
const PIECE =
  /<start_of_text>|<end_of_text>|'[sſ]|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|(?:(?!\u0345)[^\p{White_Space}\p{L}\p{N}])+/gu;

/**
 * The tokenizer of CLIP: byte-pair encoding of cleaned, lower-cased text, between a start and an end token.
 *
 * Ids: the 256 bytes; the same at the end of a word; one per merge; then start and end, the two largest (so the text tower finds the end of
 * a text as its largest id). `vocabularySize = 514 + merges.length`, 49408 for CLIP. A text that is too long is cut and its last token
 * replaced by the end token.
 *
 * Cleaning: what `ftfy` does (entities, text decoded with a wrong encoding, ligatures, full-width forms, quotes, line breaks, control characters,
 * NFC), then HTML unescaped twice, white space collapsed, lower case. These are the ids of OpenCLIP, but for characters that are newer than the
 * Unicode of the browser or of Node.
 *
 * @param options `merges` in the order of their rank, each two symbols with a space between: lines 2 to 48895 of OpenAI's
 *   `bpe_simple_vocab_16e6.txt`, `file.split('\n').slice(1, 48895)`. Fewer make a smaller vocabulary. `maxTokens` 77 by default, at least 2
 * @throws `invalid-argument` for a merge of anything else than bytes and earlier merges
 * @see "Neural Machine Translation of Rare Words with Subword Units", Sennrich et al. 2016 (arXiv 1508.07909), section 3.2; OpenAI
 *   `simple_tokenizer.py`; OpenCLIP `tokenizer.py`
 * @example clipTokenizer({ merges }).encode('a diagram') // [49406, 320, 22697, 49407]
 */
export function clipTokenizer({ merges, maxTokens = 77 }: { merges: readonly string[]; maxTokens?: number }): Tokenizer {
  requireMaxTokens('clipTokenizer', maxTokens, 2);
  const ordered = [...merges];
  const encodeWord = bytePairEncoder(ordered);
  const clean = captionCleaner();
  const characters = byteCharacters();
  const utf8 = new TextEncoder();
  const start = 2 * BYTE_ORDER.length + ordered.length;
  const end = start + 1;
  const special = new Map([
    ['<start_of_text>', start],
    ['<end_of_text>', end],
  ]);
  return {
    vocabularySize: end + 1,
    maxTokens,
    encode(text) {
      const ids = [start];
      for (const [piece] of clean(text).matchAll(PIECE)) {
        if (ids.length >= maxTokens) break;
        const id = special.get(piece);
        if (id === undefined) ids.push(...encodeWord(Array.from(utf8.encode(piece), (byte) => characters[byte])));
        else ids.push(id);
      }
      return [...ids.slice(0, maxTokens - 1), end];
    },
    toJSON: () => ({ kind: 'clip', maxTokens, merges: ordered }),
  };
}
