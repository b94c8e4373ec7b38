import { namesThatNeedNoSemicolon, otherNames } from './html-entities.ts';

const REFERENCE = /&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/gu;

/**
 * Character references of HTML 5 replaced by what they stand for, named (`&eacute;`, `&amp`) and numeric (`&#233;`, `&#xE9;`).
 *
 * A name without its semicolon counts if HTML lets it, also as the beginning of a longer one: `&notit;` is `¬it;`. Numbers that are no
 * characters give nothing, or U+FFFD; those from 128 to 159 are read as Windows-1252.
 *
 * @returns a function that holds the table of names
 * @see HTML standard, section 13.2.5.72 and following; Python's `html.unescape`, which this equals
 */
export function htmlUnescaper(): (text: string) => string {
  const names = namedCharacters();
  const named = (name: string): string => {
    const known = names.get(name);
    if (known !== undefined) return known;
    for (let length = name.length - 1; length > 1; length--) {
      const prefix = names.get(name.slice(0, length));
      if (prefix !== undefined) return prefix + name.slice(length);
    }
    return `&${name}`;
  };
  return (text) => {
    if (!text.includes('&')) return text;
    return text.replace(REFERENCE, (_, reference: string) =>
      reference.startsWith('#') ? numbered(reference.slice(1)) : named(reference),
    );
  };
}

/** Every name with its semicolon, and those that need none without it too. */
export function namedCharacters(): Map<string, string> {
  const entries = (list: string) =>
    list
      .trim()
      .split(/\s+/)
      .map((entry): [string, string] => {
        const [name, points] = entry.split(':');
        return [name, String.fromCodePoint(...points.split('+').map((point) => Number.parseInt(point, 16)))];
      });
  const short = entries(namesThatNeedNoSemicolon);
  return new Map([...short, ...[...short, ...entries(otherNames)].map(([name, value]): [string, string] => [`${name};`, value])]);
}

/** What bytes 128 to 159 are in Windows-1252; five of them are nothing. */
export const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

/** The character of `233`, `233;`, `xE9` or `xE9;`. */
function numbered(digits: string): string {
  const point = /^[xX]/.test(digits) ? Number.parseInt(digits.slice(1), 16) : Number.parseInt(digits, 10);
  if (point >= 0x80 && point <= 0x9f) return WINDOWS_1252[point - 0x80];
  if (point === 0 || (point >= 0xd800 && point <= 0xdfff) || point > 0x10ffff) return '\ufffd';
  return isNoCharacter(point) ? '' : String.fromCodePoint(point);
}

function isNoCharacter(point: number): boolean {
  const isControl = (point < 0x20 && ![0x09, 0x0a, 0x0c, 0x0d].includes(point)) || point === 0x7f;
  return isControl || (point >= 0xfdd0 && point <= 0xfdef) || (point & 0xfffe) === 0xfffe;
}
