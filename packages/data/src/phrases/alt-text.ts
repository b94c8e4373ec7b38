import type { Rng } from '@vitrail/core';
import { pick, wordsOf } from './phrases.ts';

/** What the web writes about pictures, `{}` standing for the names. */
const ALT_TEMPLATES = [
  '{}',
  '{} photo',
  '{} picture',
  '{} stock image',
  '{} wallpaper hd',
  '{} for sale',
  '{} free download',
  'buy {} online',
  'cheap {}',
  'my new {}',
  'best {} of the day',
  'image of {}',
  'photo : {}',
  'click to see {}',
] as const;

const EXTENSIONS = ['jpg', 'png', 'webp'] as const;

/** One in five alt texts is the name of a file. */
const FILE_SHARE = 0.2;

/** The words of alt texts besides the names of things. */
export const ALT_WORDS: readonly string[] = wordsOf([...ALT_TEMPLATES, ...EXTENSIONS, 'img']);

/**
 * An alt text as the web has them: the name of one thing, or of some, that the picture shows, among words that say nothing, or a file's name
 * (`red-circle-231.jpg`). Whatever it names is there; not all that is there is named.
 *
 * @param names of what the picture shows, at least one
 */
export function altText(names: readonly string[], rng: Rng): string {
  const count = rng.uniform() < 0.5 ? 1 : rng.integer(1, names.length + 1);
  const some = Array.from(rng.permutation(names.length).subarray(0, count), (i) => names[i]).join(' ');
  if (rng.uniform() >= FILE_SHARE) return pick(ALT_TEMPLATES, rng).replace('{}', () => some);
  const number = rng.integer(1, 1000);
  return rng.uniform() < 0.5 ? `${some.replaceAll(' ', '-')}-${number}.${pick(EXTENSIONS, rng)}` : `img_${number} ${some}`;
}
