import type { Synonyms } from './synonym-replacement.ts';

/**
 * A table of synonyms from groups of words that stand for each other. A word of several groups has the words of all of them.
 *
 * @param groups lower-case words or phrases
 * @example synonymGroups([['dog', 'hound', 'pooch']])('dog') // ['hound', 'pooch']
 */
export function synonymGroups(groups: readonly (readonly string[])[]): Synonyms {
  const table = new Map<string, Set<string>>();
  for (const group of groups) {
    for (const word of group) {
      const others = table.get(word) ?? new Set();
      for (const other of group) if (other !== word) others.add(other);
      table.set(word, others);
    }
  }
  return (word) => [...(table.get(word) ?? [])];
}
