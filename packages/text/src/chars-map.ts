import { VitrailError } from '@vitrail/core';

/** A rule that holds at a place of a text: how many bytes it covers, and the bytes they become. */
export type CharsMapRule = { readonly length: number; readonly replacement: Uint8Array };

/** SentencePiece looks at this many matches at most, from the shortest on. */
const MOST_MATCHES = 32;

/**
 * A `precompiled_charsmap` of SentencePiece: rules from bytes to bytes, as `nmt_nfkc` and the like are stored.
 *
 * The blob is the size of a trie in bytes (uint32, little-endian), the trie as a double array of Darts (uint32 each), and the replacements,
 * each ended by a zero byte. A unit of the double array holds a label in bits 0-7, whether a value follows in bit 8, and in bits 10-30 the
 * offset to its children, shifted by 8 more if bit 9 is set; of a value bits 0-30 are where its replacement begins.
 *
 * @returns the rules for the bytes from `at` on, the shortest first
 * @throws `corrupt-data` for a blob that is cut off, and when a rule leads out of it
 * @see SentencePiece `normalizer.cc` (NormalizePrefix); darts-clone `darts.h`
 */
export function charsMap(blob: Uint8Array): (text: Uint8Array, at: number) => CharsMapRule[] {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const size = blob.length > 4 ? view.getUint32(0, true) : 0;
  if (size < 4 || size % 4 !== 0 || 4 + size >= blob.length) {
    throw corrupt(`a trie of ${size} bytes does not fit in its ${blob.length}`);
  }
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const replacements = blob.subarray(4 + size);
  const unitAt = (position: number): number => {
    if (position >= units.length) throw corrupt(`its trie leads to unit ${position} of ${units.length}`);
    return units[position];
  };
  const replacementAt = (start: number): Uint8Array => {
    const end = start < replacements.length ? replacements.indexOf(0, start) : -1;
    if (end < 0) throw corrupt(`a replacement begins at ${start} of ${replacements.length} and does not end`);
    return replacements.subarray(start, end);
  };
  return (text, at) => {
    const rules: CharsMapRule[] = [];
    let node = childrenOf(0, units[0]);
    for (let i = at; i < text.length && rules.length < MOST_MATCHES; i++) {
      const position = (node ^ text[i]) >>> 0;
      const unit = unitAt(position);
      if ((unit & 0x800000ff) >>> 0 !== text[i]) break;
      node = childrenOf(position, unit);
      if ((unit & 0x100) === 0) continue;
      rules.push({ length: i + 1 - at, replacement: replacementAt(unitAt(node) & 0x7fffffff) });
    }
    return rules;
  };
}

function childrenOf(position: number, unit: number): number {
  return (position ^ ((unit >>> 10) << ((unit & 0x200) >>> 6))) >>> 0;
}

function corrupt(why: string): VitrailError {
  return new VitrailError('corrupt-data', `a precompiled_charsmap of SentencePiece is damaged: ${why}`);
}
