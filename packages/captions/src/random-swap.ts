import type { Rng } from '@vitrail/core';
import { spacedWords } from './spaced-words.ts';

/**
 * A caption with two of its words, at different places, exchanged; every pair of places is equally likely. A single word stays.
 *
 * A pure function of its arguments, which does not advance `rng`. Deviation: EDA gives up when it draws one place four times over.
 *
 * @see "EDA: Easy Data Augmentation Techniques", Wei, Zou 2019 (arXiv 1901.11196), section 2, with n = 1
 * @example randomSwap('red dog', createRng(0)) // 'dog red'
 */
export function randomSwap(text: string, rng: Rng): string {
  const words = spacedWords(text);
  if (words.length < 2) return text;
  const [first, second] = rng.fork('randomSwap').permutation(words.length);
  [words[first], words[second]] = [words[second], words[first]];
  return words.join(' ');
}
