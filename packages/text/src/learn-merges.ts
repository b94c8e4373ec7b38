import { minHeap } from './min-heap.ts';

/** A word as the ids of its symbols, and how often it comes. */
export type CountedWord = { readonly ids: readonly number[]; readonly count: number };

/** A pair of ids: one number, in the order of the first and then the second. */
type Pair = number;

/** More than any id. */
const IDS = 2 ** 24;

/** A pair in the queue: its count when it was put there, and the words that it was seen in. */
type Candidate = { readonly pair: Pair; readonly count: number; readonly words: readonly number[] };

/**
 * Learns merges of byte-pair encoding: again and again the most frequent pair of neighbours becomes one symbol, of equally frequent pairs the
 * one of the smaller ids, until there are `size` tokens or no pairs. Counts are kept up to date by looking only at words that a merge changed.
 *
 * @param tokens texts of the ids there are; the new ones are added to it. A merge whose text is a token already makes that one
 * @returns the pairs of ids in the order they were merged
 * @see `tokenizers` `bpe/trainer.rs` (do_train), whose order this is
 */
export function learnMerges(words: readonly CountedWord[], tokens: string[], size: number): [left: number, right: number][] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const symbols = words.map((word) => word.ids);
  const counts = new Map<Pair, number>();
  let seen = new Map<Pair, number[]>();
  const change = (pair: Pair, word: number, by: number) => {
    counts.set(pair, (counts.get(pair) ?? 0) + by * words[word].count);
    if (by < 0) return;
    const places = seen.get(pair);
    if (places === undefined) seen.set(pair, [word]);
    else if (places[places.length - 1] !== word) places.push(word);
  };
  const queue = minHeap<Candidate>((a, b) => a.count > b.count || (a.count === b.count && a.pair < b.pair));
  const enqueueSeen = () => {
    for (const [pair, places] of seen) {
      const count = counts.get(pair) ?? 0;
      if (count > 0) queue.push({ pair, count, words: places });
    }
    seen = new Map();
  };

  symbols.forEach((word, place) => {
    for (let i = 1; i < word.length; i++) change(word[i - 1] * IDS + word[i], place, 1);
  });
  enqueueSeen();
  const merges: [number, number][] = [];
  while (tokens.length < size) {
    const top = queue.pop();
    if (top === undefined) break;
    const count = counts.get(top.pair) ?? 0;
    if (count !== top.count) {
      if (count > 0) queue.push({ ...top, count });
      continue;
    }
    const [left, right] = [Math.floor(top.pair / IDS), top.pair % IDS];
    const text = tokens[left] + tokens[right];
    let merged = ids.get(text);
    if (merged === undefined) {
      merged = tokens.length;
      ids.set(text, merged);
      tokens.push(text);
    }
    merges.push([left, right]);
    for (const place of top.words)
      symbols[place] = join(symbols[place], left, right, merged, (pair, by) => change(pair, place, by));
    enqueueSeen();
  }
  return merges;
}

/** A word with every pair `left`, `right` made one symbol, from left to right; tells which pairs this makes and which it ends. */
function join(
  word: readonly number[],
  left: number,
  right: number,
  merged: number,
  change: (pair: Pair, by: 1 | -1) => void,
): readonly number[] {
  const joined: number[] = [];
  for (let i = 0; i < word.length; i++) {
    if (word[i] !== left || word[i + 1] !== right) {
      joined.push(word[i]);
      continue;
    }
    if (joined.length > 0) {
      const before = joined[joined.length - 1];
      change(before * IDS + left, -1);
      change(before * IDS + merged, 1);
    }
    if (i + 2 < word.length) {
      change(right * IDS + word[i + 2], -1);
      change(merged * IDS + word[i + 2], 1);
    }
    joined.push(merged);
    i++;
  }
  return joined;
}
