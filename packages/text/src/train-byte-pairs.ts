import { VitrailError } from '@vitrail/core';
import { byteCharacters } from './byte-characters.ts';
import { GPT2_PIECE } from './gpt2-pieces.ts';
import { learnMerges } from './learn-merges.ts';
import { lowerCaseCharacters } from './lower-case-characters.ts';

/** What `trainBytePairs` gives: the content of a `tokenizer.json`. */
export type TokenizerFile = Readonly<Record<string, unknown>>;

/** The token that shorter texts are filled up with, and its id. */
const PAD = { content: '<pad>', id: 0 };

/** Pad token and bytes, which every vocabulary begins with. */
const FEWEST_TOKENS = 257;

/**
 * A byte-level byte-pair vocabulary learned from captions, as a `tokenizer.json` that the Python library `tokenizers` and
 * `huggingFaceTokenizer` read alike. For small models whose captions are not those of the web: a vocabulary of 8,000 fits them better than a
 * large one.
 *
 * Ids: 0 `<pad>`, 1 to 256 the bytes in the order of their characters, then a token for every merge. Texts are normalised to NFC and lower
 * case; nothing marks their beginning or end, as with TIPS. The pair of neighbours that is most frequent is merged next, of equally frequent
 * ones that of the smaller ids, so the same captions give the same vocabulary, in whatever order they come; it is the one that `BpeTrainer` of
 * `tokenizers` learns with the same normaliser, pre-tokenizer, alphabet and special token.
 *
 * @param captions texts; those that are the same count as often as they come
 * @param options `vocabularySize`, at least 257. The vocabulary is smaller where the captions have no more pairs
 * @throws `invalid-argument` for a smaller `vocabularySize`; `missing-data` where there is no caption with a character in it
 * @see "Neural Machine Translation of Rare Words with Subword Units", Sennrich et al. 2016 (arXiv 1508.07909), section 3.2; "Language Models
 *   are Unsupervised Multitask Learners", Radford et al. 2019, section 2.2
 * @example huggingFaceTokenizer({ tokenizer: trainBytePairs(captions, { vocabularySize: 8000 }), maxTokens: 32 }).encode('A red ball')
 */
export function trainBytePairs(captions: Iterable<string>, { vocabularySize }: { vocabularySize: number }): TokenizerFile {
  if (!(Number.isSafeInteger(vocabularySize) && vocabularySize >= FEWEST_TOKENS)) {
    throw new VitrailError(
      'invalid-argument',
      `trainBytePairs: vocabularySize must be a whole number of at least ${FEWEST_TOKENS} (the pad token and 256 bytes), but ${vocabularySize} came`,
    );
  }
  const counts = countPieces(captions);
  if (counts.size === 0) {
    throw new VitrailError('missing-data', 'trainBytePairs: there are no captions to learn from, or all of them are empty');
  }
  // UTF-16 units in their order, as all of these characters are below U+10000.
  const characters = byteCharacters();
  const alphabet = [...characters].sort();
  const idOfByte = characters.map((character) => 1 + alphabet.indexOf(character));
  const tokens = [PAD.content, ...alphabet];
  const utf8 = new TextEncoder();
  const words = Array.from(counts, ([piece, count]) => ({
    ids: Array.from(utf8.encode(piece), (byte) => idOfByte[byte]),
    count,
  }));
  const merges = learnMerges(words, tokens, vocabularySize).map(([left, right]) => [tokens[left], tokens[right]]);
  return tokenizerFile(Object.fromEntries(tokens.map((token, id) => [token, id])), merges);
}

/** How often each piece comes in captions. */
function countPieces(captions: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const caption of captions) {
    const text = lowerCaseCharacters(caption.replace(/\p{Cs}/gu, '\ufffd').normalize('NFC'));
    for (const piece of text.match(GPT2_PIECE) ?? []) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  }
  return counts;
}

function tokenizerFile(vocab: Readonly<Record<string, number>>, merges: readonly (readonly string[])[]): TokenizerFile {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [{ ...PAD, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }],
    normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Lowercase' }] },
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: { ...byteLevel, add_prefix_space: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges,
    },
  };
}
