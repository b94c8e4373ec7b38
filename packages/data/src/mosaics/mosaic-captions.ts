import type { Rng } from '@vitrail/core';
import { ALT_WORDS, altText } from '../phrases/alt-text.ts';
import { LONG_TEMPLATES, SHORT_TEMPLATES } from '../phrases/caption-templates.ts';
import { listPhrase, pick, withArticle, wordsOf } from '../phrases/phrases.ts';
import type { SampleCaptions } from '../sample.ts';

/** Rows of grids of one, two and three; of larger ones by number. */
const ROWS: readonly (readonly string[])[] = [
  ['and nothing else'],
  ['at the top', 'at the bottom'],
  ['at the top', 'in the middle', 'at the bottom'],
];
const ORDINALS = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth'] as const;

/** Largest grid that captions have words for. */
export const LARGEST_GRID = ORDINALS.length;

/** Prompts that sound like the captions of mosaics. */
export const MOSAIC_TEMPLATES: readonly string[] = ['{}', 'a {}', 'a picture of a {}', 'a picture with a {}', 'there is a {}'];

/** Every word of the captions and prompts of mosaics of these classes. */
export function mosaicWords(classNames: readonly string[]): string[] {
  return wordsOf([
    ...classNames,
    'a an and another next to',
    ...ROWS.flat(),
    ...SHORT_TEMPLATES,
    ...LONG_TEMPLATES,
    ...ALT_WORDS,
    ...ORDINALS,
    'row',
  ]);
}

/**
 * What can be said of a mosaic, all of it true, and true of its mirror image too: rows are told from top to bottom, but nothing is left or right.
 *
 * - `alt`: {@link altText}, which names one class or some;
 * - `short`: every class once, in any order;
 * - `long`: every tile, row by row.
 *
 * @param names of the tiles' classes, `[grid * grid]`, row-major
 */
export function mosaicCaptions(names: readonly string[], grid: number, rng: Rng): SampleCaptions {
  const distinct = shuffled([...new Set(names)], rng);
  const rows = Array.from({ length: grid }, (_, row) => {
    const phrase = rowPhrase(shuffled(names.slice(row * grid, (row + 1) * grid), rng));
    return `${phrase} ${ROWS[grid - 1]?.[row] ?? `in the ${ORDINALS[row]} row`}`;
  });
  return {
    alt: altText(distinct, rng),
    short: pick(SHORT_TEMPLATES, rng).replace('{}', () => listPhrase(distinct.map(withArticle))),
    long: pick(LONG_TEMPLATES, rng).replace('{}', () => rows.join(', ')),
  };
}

/** `a cat next to a dog`; `a cat, another cat and a dog`. */
function rowPhrase(names: readonly string[]): string {
  const things = names.map((name, i) => (names.indexOf(name) < i ? `another ${name}` : withArticle(name)));
  return things.length === 2 ? things.join(' next to ') : listPhrase(things);
}

function shuffled(items: readonly string[], rng: Rng): string[] {
  return Array.from(rng.permutation(items.length), (i) => items[i]);
}
