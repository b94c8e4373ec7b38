import { encodingRepairer } from './repair-encoding.ts';
import { htmlUnescaper, namedCharacters } from './unescape-html.ts';

/** Letters that are written as one, each followed by what it stands for. */
const LIGATURES =
  'Ĳ IJ ĳ ij ŉ ʼn Ǳ DZ ǲ Dz ǳ dz Ǆ DŽ ǅ Dž ǆ dž Ǉ LJ ǈ Lj ǉ lj Ǌ NJ ǋ Nj ǌ nj ﬀ ff ﬁ fi ﬂ fl ﬃ ffi ﬄ ffl ﬅ ſt ﬆ st';

/** Begins the commands to a terminal. */
const ESCAPE = '\u001b';

/** A line with its break; of longer ones a million characters. */
const SEGMENT = /[^\n]{0,999999}\n|[^\n]{1,1000000}/gu;

/** The steps are repeated until a text stays as it is, which takes a round for every level of escapes; at most this often. */
const MOST_ROUNDS = 1000;

/**
 * The repair of text that was damaged on its way, as `ftfy` does it.
 *
 * Line by line: entities of HTML become characters, but from the first line with a `<` on none do; text that was decoded with a wrong encoding
 * is decoded again, and C1 controls become what they are in Windows-1252; ligatures of Latin letters, full-width and half-width forms and
 * typographic quotes become plain; line breaks become `\n`; escape sequences of terminals and control characters go; NFC. Again until nothing
 * changes. Deviation: what is escaped a thousand times over stays escaped.
 *
 * @see `ftfy` 6.3 (fix_text), https://ftfy.readthedocs.io
 */
export function textRepairer(): (text: string) => string {
  const unescapeEntities = entityUnescaper();
  const repairEncoding = encodingRepairer();
  const ligatures = new Map(LIGATURES.match(/\S+ \S+/g)?.map((pair): [string, string] => [pair[0], pair.slice(2)]));
  const ligature = new RegExp(`[${[...ligatures.keys()].join('')}]`, 'g');
  const repaired = (line: string, withEntities: boolean): string => {
    let text = line;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const before = text;
      if (withEntities) text = unescapeEntities(text);
      text = repairEncoding(text)
        .replace(ligature, (letter) => ligatures.get(letter) as string)
        .replace(/[\uff01-\uffef]/g, (form) => form.normalize('NFKC'))
        .replaceAll('\u3000', ' ')
        .replace(/[\u201c-\u201f]/g, '"')
        .replace(/[\u02bc\u2018-\u201b]/g, "'")
        .replace(/\r\n|[\r\u2028\u2029\x85]/g, '\n')
        .replace(/\p{Cs}/gu, '\ufffd')
        .replace(/(\p{Cc})\[[\p{Nd};]*[a-zA-Z]/gu, (sequence, control) => (control === ESCAPE ? '' : sequence))
        .replace(/[^\P{Cc}\t\n\f\r\x80-\x9f]|[\u206a-\u206f\ufeff\ufff9-\ufffc]/gu, '')
        .normalize('NFC');
      if (text === before) break;
    }
    return text;
  };
  return (text) => {
    let withEntities = true;
    return (text.match(SEGMENT) ?? [])
      .map((line) => {
        withEntities &&= !line.includes('<');
        return repaired(line, withEntities);
      })
      .join('');
  };
}

/** Entities with their semicolon, and besides those of HTML the small ones written in capitals (`&EACUTE;`). */
function entityUnescaper(): (text: string) => string {
  const unescapeHtml = htmlUnescaper();
  const characters = new Map<string, string>();
  for (const [name, character] of namedCharacters()) {
    if (!name.endsWith(';')) continue;
    characters.set(`&${name}`, character);
    const capitals = `&${name.toUpperCase()}`;
    if (name === name.toLowerCase() && unescapeHtml(capitals) === capitals) characters.set(capitals, character.toUpperCase());
  }
  return (text) =>
    text.replace(/&#?[0-9A-Za-z]{1,24};/g, (entity) => {
      const character = characters.get(entity);
      if (character !== undefined || !entity.startsWith('&#')) return character ?? entity;
      const unescaped = unescapeHtml(entity);
      return unescaped.includes(';') ? entity : unescaped;
    });
}
