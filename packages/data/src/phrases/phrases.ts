import type { Rng } from '@vitrail/core';

/** `a cat`, `an airplane`: by the first letter, which is what names of things mostly go by. */
export function withArticle(name: string): string {
  return `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${name}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listPhrase(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items[items.length - 1]}`;
}

/** The words of some texts, each once, in the order in which they come: runs of letters, in lower case. */
export function wordsOf(texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap((text) => text.toLowerCase().match(/\p{L}+/gu) ?? []))];
}

/** One of `choices`, all alike. */
export function pick<T>(choices: readonly T[], rng: Rng): T {
  return choices[rng.integer(0, choices.length)];
}
