import type { SingleByteEncoding } from './single-byte-encodings.ts';

/** Continuation bytes are these as well, but next to mojibake they often stand for themselves. */
const PUNCTUATION = /[–—―‘’‚“”„•…]/;

/**
 * Finds runs of characters which, in Latin-1 or the encodings of Windows, look like UTF-8: each of the right kind, though not of one encoding.
 * A space may be what became of byte A0. A run does not begin amid continuation bytes: what is garbled further is left alone.
 *
 * @see `ftfy` 6.3 (decode_inconsistent_utf8)
 */
export function utf8Lookalikes(encodings: readonly SingleByteEncoding[]): RegExp {
  const latin = encodings.filter(({ name }) => name === 'iso-8859-1' || name.startsWith('windows'));
  const characters = (from: number, to: number) => latin.flatMap(({ upperHalf }) => [...upperHalf.slice(from - 0x80, to - 0x7f)]);
  const oneOf = (list: readonly string[]) => `[${list.join('')}]`;
  const continuations = characters(0x80, 0xbf);
  const strict = oneOf(continuations.filter((character) => !PUNCTUATION.test(character)));
  const next = oneOf([...continuations, ' ']);
  const leads = {
    ofTwo: oneOf(characters(0xc2, 0xdf)),
    ofThree: oneOf(characters(0xe0, 0xef)),
    ofFour: oneOf([...characters(0xf0, 0xf0), ...characters(0xf3, 0xf3)]),
  };
  return new RegExp(`(?<!${strict})(?:${leads.ofTwo}${next}|${leads.ofThree}${next}{2}|${leads.ofFour}${next}{3})+`, 'g');
}
