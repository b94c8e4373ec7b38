import type { Rng } from '@vitrail/core';
import { englishSynonyms } from './english-synonyms.ts';
import { spacedWords } from './spaced-words.ts';
import { stopWords } from './stop-words.ts';

/** Other words for a lower-case word; none where none are known. */
export type Synonyms = (word: string) => readonly string[];

/**
 * One word of a caption, wherever it stands in it, replaced by one of its synonyms.
 *
 * The word is drawn from those that are no stop words and have a synonym other than themselves, each distinct word equally likely; then the
 * synonym, equally likely too. A caption without such a word comes back as it was. Words are what stands between spaces, so `dog,` is not
 * `dog`: `removeStopWords` sets punctuation apart.
 *
 * A pure function of its arguments, which does not advance `rng`.
 *
 * @param options `synonyms`; by default {@link englishSynonyms}, a small table. Deviation: EDA asks WordNet
 * @see "EDA: Easy Data Augmentation Techniques", Wei, Zou 2019 (arXiv 1901.11196), section 2; `EDA` of textaugment with n = 1
 * @example synonymReplacement('a dog and a dog', createRng(0), { synonyms: (word) => (word === 'dog' ? ['hound'] : []) }) // 'a hound and a hound'
 */
export function synonymReplacement(text: string, rng: Rng, { synonyms = englishSynonyms }: { synonyms?: Synonyms } = {}): string {
  const draws = rng.fork('synonymReplacement');
  const words = spacedWords(text);
  const choices = [...new Set(words)]
    .filter((word) => !stopWords.has(word.toLowerCase()))
    .map((word) => ({ word, others: synonyms(word.toLowerCase()).filter((other) => other !== word.toLowerCase()) }))
    .filter(({ others }) => others.length > 0);
  if (choices.length === 0) return text;
  const { word, others } = choices[draws.integer(0, choices.length)];
  const other = others[draws.integer(0, others.length)];
  return words.map((each) => (each === word ? other : each)).join(' ');
}
