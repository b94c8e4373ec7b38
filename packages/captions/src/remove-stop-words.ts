import { captionWords } from './caption-words.ts';
import { stopWords } from './stop-words.ts';

/**
 * A caption without the words that say little (`a`, `of`, `the`, `is`); the others are joined by single spaces,
 * punctuation marks too.
 *
 * @returns never an empty text where there was one: a caption of nothing but stop words comes back as it was
 * @see "Improved baselines for vision-language pre-training", Fini et al. 2023 (arXiv 2305.08675); code facebookresearch/clip-rocket,
 *   `tokenizer.py`
 * @example removeStopWords("it's a photo of the dog.") // "'s photo dog ."
 */
export function removeStopWords(text: string): string {
  const telling = captionWords(text).filter((word) => !stopWords.has(word.toLowerCase()));
  return telling.length === 0 ? text : telling.join(' ');
}
