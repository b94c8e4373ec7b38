import { minHeap } from './min-heap.ts';
import { pieceTypes, type SentencePieceModel } from './sentence-piece-model.ts';
import { symbolTrie } from './symbol-trie.ts';
import type { Segment } from './unigram.ts';

/** Two neighbours that make a piece together. */
type Pair = { readonly left: number; readonly right: number; readonly score: number; readonly text: string };

/** A symbol in the list of those that are left; its text is empty once it was joined to the one before. */
type Symbol = { text: string; previous: number; next: number; readonly frozen: boolean };

/**
 * The segmentation of a BPE model of SentencePiece: the pair of neighbours that makes the piece with the highest score is joined, of equal
 * ones the first, until no pair makes a piece. User-defined symbols are never joined; unused pieces are taken apart again at the end.
 *
 * @returns from a normalised text to its pieces, each with its id
 * @see SentencePiece `bpe_model.cc` (SampleEncode with alpha 0)
 */
export function scoredMerger(model: SentencePieceModel): (text: string) => Segment[] {
  const { pieces, unknownId } = model;
  const ids = new Map<string, number>();
  pieces.forEach(({ text, type }, id) => {
    if (type === pieceTypes.normal || type === pieceTypes.userDefined || type === pieceTypes.unused) ids.set(text, id);
  });
  const frozenAt = symbolTrie(
    pieces.flatMap(({ text, type }, id) => (type === pieceTypes.userDefined ? [[unitsOf(text), id] as [number[], number]] : [])),
  );

  return (text) => {
    if (text === '') return [];
    const symbols = split(text, frozenAt);
    const pairs = minHeap<Pair>((a, b) => a.score > b.score || (a.score === b.score && a.left < b.left));
    const takenApart = new Map<string, readonly [string, string]>();
    const consider = (left: number, right: number) => {
      if (left < 0 || right < 0 || symbols[left].frozen || symbols[right].frozen) return;
      const joined = symbols[left].text + symbols[right].text;
      const id = ids.get(joined);
      if (id === undefined) return;
      pairs.push({ left, right, score: pieces[id].score, text: joined });
      if (pieces[id].type === pieceTypes.unused) takenApart.set(joined, [symbols[left].text, symbols[right].text]);
    };
    for (let i = 1; i < symbols.length; i++) consider(i - 1, i);
    for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
      const left = symbols[pair.left];
      const right = symbols[pair.right];
      const isThere = left.text !== '' && right.text !== '' && left.text.length + right.text.length === pair.text.length;
      if (!isThere) continue;
      left.text = pair.text;
      left.next = right.next;
      if (right.next >= 0) symbols[right.next].previous = pair.left;
      right.text = '';
      consider(left.previous, pair.left);
      consider(pair.left, left.next);
    }

    const segments: Segment[] = [];
    const pending: string[] = [];
    for (let at = 0; at >= 0; at = symbols[at].next) {
      pending.push(symbols[at].text);
      for (let piece = pending.pop(); piece !== undefined; piece = pending.pop()) {
        const id = ids.get(piece);
        const parts = id !== undefined && pieces[id].type === pieceTypes.unused ? takenApart.get(piece) : undefined;
        if (parts) pending.push(parts[1], parts[0]);
        else segments.push({ text: piece, id: id ?? unknownId });
      }
    }
    return segments;
  };
}

/** The user-defined symbols and, between them, the characters of a text. */
function split(text: string, frozenAt: ReturnType<typeof symbolTrie>): Symbol[] {
  const units = unitsOf(text);
  const symbols: Symbol[] = [];
  for (let at = 0; at < text.length; ) {
    const frozen = frozenAt(units, at).at(-1);
    const length = frozen?.length ?? ((text.codePointAt(at) as number) > 0xffff ? 2 : 1);
    const place = symbols.length;
    symbols.push({ text: text.slice(at, at + length), previous: place - 1, next: place + 1, frozen: frozen !== undefined });
    at += length;
  }
  symbols[symbols.length - 1].next = -1;
  return symbols;
}

function unitsOf(text: string): number[] {
  return Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
}
