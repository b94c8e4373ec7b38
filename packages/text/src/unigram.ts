import { pieceTypes, type SentencePieceModel } from './sentence-piece-model.ts';
import { symbolTrie } from './symbol-trie.ts';

/** How much worse an unknown character is than the worst piece. */
export const UNKNOWN_PENALTY = 10;

/** The score of user-defined symbols, above that of any other piece. Scores of pieces are logarithms of probabilities. */
const USER_DEFINED_SCORE = Math.fround(-0.1);

/** Where the sums of a very long text begin again from 0, so that float32 still tells them apart. */
const LARGEST_SUM = 100_000;

/** A piece as it stands in a text. */
export type Segment = { readonly text: string; readonly id: number };

/** A piece of a unigram vocabulary: its text, the logarithm of its probability, its id. */
export type UnigramPiece = { readonly text: string; readonly score: number; readonly id: number };

/**
 * The segmentation of a unigram model of SentencePiece. User-defined symbols are always taken whole, unused pieces never.
 *
 * @returns from a normalised text to its pieces
 * @see SentencePiece `unigram_model.cc` (EncodeOptimized)
 */
export function unigramSegmenter({ pieces, unknownId }: SentencePieceModel): (text: string) => Segment[] {
  const entries = pieces.map((piece, id) => ({ ...piece, id }));
  const normal = entries.filter(({ type }) => type === pieceTypes.normal);
  const symbols = entries.filter(({ type }) => type === pieceTypes.userDefined);
  const worst = normal.reduce((least, { score }) => Math.min(least, score), 0);
  return bestSegmenter([...normal, ...symbols.map((symbol) => ({ ...symbol, score: USER_DEFINED_SCORE }))], {
    unknown: { id: unknownId, score: Math.fround(worst - UNKNOWN_PENALTY) },
    sums: Float32Array,
  });
}

/**
 * The sequence of pieces whose scores have the largest sum (Viterbi), a character that no piece covers counting as unknown. Of equal sums the
 * one found first counts, whose last piece is the longest.
 *
 * @param options `unknown`, and the precision of the sums, which decides between sequences that are as good as equal
 * @returns from a text to its pieces
 * @see "Subword Regularization", Kudo 2018 (arXiv 1804.10959), section 3.2
 */
export function bestSegmenter(
  pieces: readonly UnigramPiece[],
  { unknown, sums: Sums }: { unknown: Omit<UnigramPiece, 'text'>; sums: Float32ArrayConstructor | Float64ArrayConstructor },
): (text: string) => Segment[] {
  const piecesAt = symbolTrie(pieces.map(({ text }, place): [number[], number] => [codePoints(text), place]));
  const round = Sums === Float32Array ? Math.fround : (sum: number) => sum;
  const largest = Sums === Float32Array ? LARGEST_SUM : Number.POSITIVE_INFINITY;
  return (text) => {
    const symbols = codePoints(text);
    const best = new Sums(symbols.length + 1);
    const from = new Int32Array(symbols.length + 1).fill(-1);
    const ids = new Int32Array(symbols.length + 1);
    let frontier = 0;
    const offer = (start: number, end: number, score: number, id: number) => {
      frontier = Math.max(frontier, end);
      const sum = round(best[start] + score);
      if (from[end] >= 0 && sum <= best[end]) return;
      best[end] = sum;
      from[end] = start;
      ids[end] = id;
    };
    for (let start = 0; start < symbols.length; start++) {
      if (Math.abs(best[start]) > largest) {
        const sum = best[start];
        for (let i = start; i <= frontier; i++) best[i] -= sum;
      }
      const matches = piecesAt(symbols, start);
      for (const { length, value } of matches) offer(start, start + length, pieces[value].score, pieces[value].id);
      if (matches[0]?.length !== 1) offer(start, start + 1, unknown.score, unknown.id);
    }
    const segments: Segment[] = [];
    for (let end = symbols.length; end > 0; end = from[end]) {
      const covered = symbols.slice(from[end], end).map((symbol) => String.fromCodePoint(symbol));
      segments.push({ text: covered.join(''), id: ids[end] });
    }
    return segments.reverse();
  };
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) as number);
}
