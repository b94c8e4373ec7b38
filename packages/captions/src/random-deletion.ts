import { type Rng, VitrailError } from '@vitrail/core';
import { spacedWords } from './spaced-words.ts';

/**
 * A caption from which each word is left out with a probability, independently. A single word stays; when all would go, one of them, each
 * equally likely, stays.
 *
 * A pure function of its arguments, which does not advance `rng`.
 *
 * @param options `probability` in [0, 1], 0.1 by default
 * @throws `invalid-argument` for a probability outside [0, 1]
 * @see "EDA: Easy Data Augmentation Techniques", Wei, Zou 2019 (arXiv 1901.11196), section 2
 * @example randomDeletion('a red dog', createRng(0), { probability: 0 }) // 'a red dog'
 */
export function randomDeletion(text: string, rng: Rng, { probability = 0.1 }: { probability?: number } = {}): string {
  if (!(probability >= 0 && probability <= 1)) {
    throw new VitrailError('invalid-argument', `randomDeletion: probability lies in [0, 1], but ${probability} came`);
  }
  const words = spacedWords(text);
  if (words.length < 2) return text;
  const draws = rng.fork('randomDeletion');
  const kept = words.filter(() => draws.uniform() >= probability);
  return kept.length > 0 ? kept.join(' ') : words[draws.integer(0, words.length)];
}
