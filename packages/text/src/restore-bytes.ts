import { LOST } from './single-byte-encodings.ts';

/** À that stands by itself, as in "à la carte"; in three words of Portuguese it is joined to what follows. */
const A_GRAVE_WORD = /\xc3 (?! |quele|quela|quilo|s )/g;

/** UTF-8 with a space for byte A0, but for characters that are rarer than what the text says as it is. */
const SPACED =
  /[\xc2\xc3\xc5\xce\xd0\xd9] |[\xe2\xe3] [\x80-\x84\x86-\x9f\xa1-\xbf]|[\xe0-\xe3][\x80-\x84\x86-\x9f\xa1-\xbf] |\xf0(?: [\x80-\xbf]{2}|[\x80-\xbf] [\x80-\xbf]|[\x80-\xbf]{2} )/g;

/** U+FFFD in UTF-8. */
const REPLACEMENT = '\xef\xbf\xbd';

/**
 * UTF-8 in which a program took the no-break space, byte A0, for a space: the byte is put back where that gives a likely character.
 *
 * @param bytes as characters up to U+00FF
 */
export function restoreSpaces(bytes: string): string {
  return bytes.replace(A_GRAVE_WORD, '\xc3\xa0 ').replace(SPACED, (sequence) => sequence.replaceAll(' ', '\xa0'));
}

/** UTF-8 of which bytes are LOST, one of them perhaps written as a question mark: U+FFFD for every character that had one. */
export function replaceLossy(bytes: string): string {
  const [next, lost, either] = [`[${LOST}\x80-\xbf]`, `[${LOST}?]`, `[${LOST}?\x80-\xbf]`];
  const lossy = [
    `[\xc2-\xdf]${LOST}`,
    '[\xc2\xc3][?]',
    `\xed[\xa0-\xaf](?:${lost}\xed[\xb0-\xbf]${either}|${either}\xed[\xb0-\xbf]${lost})`,
    `[\xe0-\xef](?:${lost}${next}|${next}${lost})`,
    `[\xf0-\xf4](?:${lost}${next}${next}|${next}${lost}${next}|${next}${next}${lost})`,
    LOST,
  ];
  return bytes.replace(new RegExp(lossy.join('|'), 'g'), REPLACEMENT);
}
