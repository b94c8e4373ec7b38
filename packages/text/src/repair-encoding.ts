import { mojibakeDetector } from './mojibake-signs.ts';
import { replaceLossy, restoreSpaces } from './restore-bytes.ts';
import { bytesIn, type SingleByteEncoding, singleByteEncodings } from './single-byte-encodings.ts';
import { WINDOWS_1252 } from './unescape-html.ts';
import { utf8Lookalikes } from './utf8-lookalikes.ts';
import { decodeUtf8Variants } from './utf8-variants.ts';

/**
 * The repair of text that is UTF-8 but was decoded with another encoding ("mojibake"), once or more often: `cafÃ©` becomes `café`.
 *
 * While a text looks so: the first encoding is taken of which the bytes are UTF-8, after spaces that were byte A0 and bytes that got lost are
 * mended. If there is none, parts that look like UTF-8 are repaired for themselves; if there are none, C1 controls become what they are in
 * Windows-1252.
 *
 * @see `ftfy` 6.3 (fix_encoding), https://ftfy.readthedocs.io
 */
export function encodingRepairer(): (text: string) => string {
  const isMojibake = mojibakeDetector();
  const encodings = singleByteEncodings();
  const lookalikes = utf8Lookalikes(encodings);
  const decoded = (text: string): string | undefined => {
    for (const encoding of encodings) {
      const bytes = bytesIn(encoding, text);
      const utf8 = bytes === undefined ? undefined : decodeUtf8Variants(mended(bytes, encoding));
      if (utf8 !== undefined) return utf8;
    }
    return undefined;
  };
  const step = (text: string): string => {
    const whole = decoded(text);
    if (whole !== undefined) return whole;
    const inParts = text.replace(lookalikes, (part) => (part.length < text.length ? repaired(part) : part));
    return inParts === text ? replaceC1Controls(text) : inParts;
  };
  // It ends: every step that changes something makes a text shorter, or has one Ã or control character less.
  const repaired = (text: string): string => {
    let [before, after] = ['', text];
    while (after !== before && isMojibake(after)) [before, after] = [after, step(after)];
    return after;
  };
  return repaired;
}

/** In MacRoman what looks like a lost A0 is a dash before a space; only decoders of Windows lose bytes. */
function mended(bytes: string, { name }: SingleByteEncoding): string {
  const spaced = name === 'macintosh' ? bytes : restoreSpaces(bytes);
  return name.startsWith('windows') ? replaceLossy(spaced) : spaced;
}

/** C1 controls as what they are in Windows-1252. */
function replaceC1Controls(text: string): string {
  return text.replace(/[\x80-\x9f]/g, (control) => WINDOWS_1252[control.charCodeAt(0) - 0x80]);
}
