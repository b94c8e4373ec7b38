import { charsMap } from './chars-map.ts';
import { pieceTypes, type SentencePieceModel } from './sentence-piece-model.ts';
import { symbolTrie } from './symbol-trie.ts';

const SPACE = 0x20;

/** U+2581 in UTF-8, which stands for a space. */
const MARK = [0xe2, 0x96, 0x81];

/**
 * The normalisation of SentencePiece: rules of the character map, longest first; user-defined symbols untouched; runs of spaces and spaces at
 * both ends removed; a space put before (or after) the text; spaces written as U+2581. Each as the model says.
 *
 * @see SentencePiece `normalizer.cc` (Normalize)
 */
export function sentencePieceNormalizer(model: SentencePieceModel): (text: string) => string {
  const { addDummyPrefix, removeExtraSpaces, escapeSpaces, spaceAtEnd } = model;
  const utf8 = new TextEncoder();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const rulesAt = model.charsMap.length > 0 ? charsMap(model.charsMap) : undefined;
  const symbolsAt = symbolTrie(
    model.pieces.flatMap(({ text, type }, id) =>
      type === pieceTypes.userDefined ? [[utf8.encode(text), id] as [Uint8Array, number]] : [],
    ),
  );
  const space = escapeSpaces ? MARK : [SPACE];

  /** What stands at a place of a text, and how many bytes it takes there. */
  const prefix = (bytes: Uint8Array, at: number): { replacement: Uint8Array; length: number } => {
    const symbol = symbolsAt(bytes, at).at(-1);
    const found = symbol ? undefined : rulesAt?.(bytes, at).at(-1);
    if (found) return found;
    const length = symbol?.length ?? characterLength(bytes[at]);
    return { replacement: bytes.subarray(at, at + length), length };
  };

  return (text) => {
    const bytes = utf8.encode(text);
    let at = 0;
    while (removeExtraSpaces && at < bytes.length) {
      const { replacement, length } = prefix(bytes, at);
      if (replacement.length !== 1 || replacement[0] !== SPACE) break;
      at += length;
    }
    if (at >= bytes.length) return '';
    const normalized = !spaceAtEnd && addDummyPrefix ? [...space] : [];
    let afterSpace = removeExtraSpaces;
    while (at < bytes.length) {
      const { replacement, length } = prefix(bytes, at);
      at += length;
      let from = 0;
      while (afterSpace && replacement[from] === SPACE) from++;
      if (from === replacement.length) continue;
      for (const byte of replacement.subarray(from)) {
        if (byte === SPACE) normalized.push(...space);
        else normalized.push(byte);
      }
      afterSpace = removeExtraSpaces && replacement[replacement.length - 1] === SPACE;
    }
    while (removeExtraSpaces && endsWith(normalized, space)) normalized.length -= space.length;
    if (spaceAtEnd && addDummyPrefix) normalized.push(...space);
    return decoder.decode(Uint8Array.from(normalized));
  };
}

/** Bytes of a character by its first. */
function characterLength(first: number): number {
  if (first < 0x80) return 1;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

function endsWith(bytes: readonly number[], end: readonly number[]): boolean {
  const start = bytes.length - end.length;
  return start >= 0 && end.every((byte, i) => bytes[start + i] === byte);
}
