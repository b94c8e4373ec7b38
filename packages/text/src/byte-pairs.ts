import { VitrailError } from '@vitrail/core';
import { BYTE_ORDER, byteCharacters } from './byte-characters.ts';

/** What the last symbol of a word ends with. */
const END_OF_WORD = '</w>';

/** Words whose ids are remembered; then all are forgotten. */
const CACHED_WORDS = 65536;

/**
 * Byte-pair encoding of single words: the lowest-ranked pair of neighbours is joined wherever it stands, from left to right, until no merge
 * applies.
 *
 * @param merges pairs of symbols with a space between, in the order of their rank
 * @returns from the characters of a word (one per byte, at least one) to its ids: bytes, bytes at the end of a word, merges
 * @throws `invalid-argument` for a merge that is not a pair of bytes or earlier merges
 */
export function bytePairEncoder(merges: readonly string[]): (characters: readonly string[]) => readonly number[] {
  const ids = symbolIds(merges);
  const ranks = new Map(merges.map((merge, rank) => [merge, rank]));
  const cache = new Map<string, readonly number[]>();
  return (characters) => {
    const word = characters.join('');
    let encoded = cache.get(word);
    if (!encoded) {
      const symbols = joinPairs([...characters.slice(0, -1), characters[characters.length - 1] + END_OF_WORD], ranks);
      encoded = symbols.map((symbol) => ids.get(symbol) as number);
      if (cache.size >= CACHED_WORDS) cache.clear();
      cache.set(word, encoded);
    }
    return encoded;
  };
}

/** Every symbol's id. Where two merges make the same symbol the later counts, as in the reference. */
function symbolIds(merges: readonly string[]): Map<string, number> {
  const characters = byteCharacters();
  const bytes = BYTE_ORDER.map((byte) => characters[byte]);
  const ids = new Map([...bytes, ...bytes.map((character) => character + END_OF_WORD)].map((symbol, id) => [symbol, id]));
  const first = 2 * bytes.length;
  requireMergesOfClip(merges);
  merges.forEach((merge, rank) => {
    const pair = merge.split(' ');
    const unknown = pair.find((symbol) => !ids.has(symbol));
    if (pair.length !== 2 || unknown !== undefined) {
      const why = unknown === undefined ? '' : `, and ${JSON.stringify(unknown)} is neither a byte nor made by an earlier merge`;
      throw new VitrailError(
        'invalid-argument',
        `clipTokenizer: a merge is two symbols with a space between, but merge ${rank} is ${JSON.stringify(merge)}${why}: leave out the header and take the lines in order`,
      );
    }
    ids.set(pair.join(''), first + rank);
  });
  return ids;
}

/** The byte for a space, which begins words in the merges of GPT-2; CLIP has no spaces in its words. */
const SPACE = 'Ġ';

/** Throws for the lines of files that are not CLIP's, which could otherwise be taken for merges. */
function requireMergesOfClip(merges: readonly string[]): void {
  const looksLike = merges.some((merge) => merge.startsWith(SPACE))
    ? 'merges of GPT-2: use huggingFaceTokenizer with its tokenizer.json'
    : merges[0] === '[PAD]' || merges.includes('[UNK]')
      ? 'a vocabulary of WordPiece, which is not read'
      : undefined;
  if (looksLike !== undefined) throw new VitrailError('invalid-argument', `clipTokenizer: this looks like ${looksLike}`);
}

function joinPairs(symbols: readonly string[], ranks: ReadonlyMap<string, number>): readonly string[] {
  let joined = symbols;
  while (true) {
    let lowest = Number.POSITIVE_INFINITY;
    let at = -1;
    for (let i = 0; i + 1 < joined.length; i++) {
      const rank = ranks.get(`${joined[i]} ${joined[i + 1]}`);
      if (rank !== undefined && rank < lowest) [lowest, at] = [rank, i];
    }
    if (at < 0) return joined;
    joined = joinEverywhere(joined, joined[at], joined[at + 1]);
  }
}

function joinEverywhere(symbols: readonly string[], first: string, second: string): string[] {
  const joined: string[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === first && symbols[i + 1] === second) {
      joined.push(first + second);
      i++;
    } else {
      joined.push(symbols[i]);
    }
  }
  return joined;
}
