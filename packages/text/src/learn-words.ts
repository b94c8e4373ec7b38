import { VitrailError } from '@vitrail/core';
import { splitWords } from './split-words.ts';

/**
 * The most frequent words of captions, most frequent first; of equally frequent words the one that comes first in the order of UTF-16 code
 * units. The same captions give the same words, in whatever order they come.
 *
 * @param room how many words at most
 * @throws `invalid-argument` for a room that is not a whole number of at least 0
 * @example learnWords(['A red ball.', 'a blue ball'], 2) // ['a', 'ball']
 */
export function learnWords(captions: Iterable<string>, room: number): string[] {
  if (!(Number.isSafeInteger(room) && room >= 0)) {
    throw new VitrailError('invalid-argument', `learnWords: room must be a whole number of at least 0, but ${room} came`);
  }
  const counts = new Map<string, number>();
  for (const caption of captions) {
    for (const word of splitWords(caption)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .slice(0, room)
    .map(([word]) => word);
}
