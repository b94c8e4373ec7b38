import { computed, signal } from '@preact/signals';
import { simpleTemplates } from '@vitrail/captions';
import { VitrailError } from '@vitrail/core';

/** What the large picture shows. */
export const views = ['segmentation', 'heat-map', 'components', 'patch'] as const;
export type View = (typeof views)[number];

/** How words become prompts. */
export const templateKinds = ['plain', 'simple', 'own'] as const;
export type TemplateKind = (typeof templateKinds)[number];

/** More words make a legend that nobody reads, and a heat map each. */
export const MOST_WORDS = 64;

export const words = signal<readonly string[]>([]);
/** Whether the words are a user's, which stay when another picture is taken. */
export const wordsAreOwn = signal(false);
/** Patches along a side; undefined until a slider or a link says it: as the model's authors have it then. */
export const chosenGrid = signal<number | undefined>(undefined);
/** Whether patches are read by value attention, where the model has that. */
export const readsValues = signal(true);
export const templateKind = signal<TemplateKind>('plain');
export const ownTemplate = signal('a photo of a {}');
export const view = signal<View>('segmentation');
/** The word whose heat map is shown large: an index into `words`. */
export const wordShown = signal(0);
/** Of the colours over the picture, in [0, 1]. */
export const opacity = signal(0.6);
/** The place of the patch that was picked, as shares of the picture's width and height. */
export const pickedPlace = signal<{ readonly x: number; readonly y: number } | undefined>(undefined);

/** As on a first visit. The words stay until others come. */
export function resetSettings(): void {
  wordsAreOwn.value = false;
  chosenGrid.value = undefined;
  readsValues.value = true;
  templateKind.value = 'plain';
  view.value = 'segmentation';
  opacity.value = 0.6;
}

/** The prompts that words are put into. */
export const templates = computed<readonly string[]>(() => {
  if (templateKind.value === 'own') return [ownTemplate.value];
  return templateKind.value === 'simple' ? simpleTemplates : ['{}'];
});

/**
 * Adds words, which commas separate; those that are there already are left out.
 *
 * @throws `invalid-argument` if there would be more than `MOST_WORDS`
 */
export function addWords(text: string): void {
  const fresh = separateWords(text).filter((word) => !words.value.includes(word));
  if (fresh.length === 0) return;
  setWords([...words.value, ...fresh]);
  wordsAreOwn.value = true;
}

/** @throws as `addWords` */
export function setWords(next: readonly string[]): void {
  if (next.length > MOST_WORDS) {
    throw new VitrailError(
      'invalid-argument',
      `at most ${MOST_WORDS} words are looked for at once, but these would be ${next.length}: remove some first`,
    );
  }
  words.value = next;
  wordShown.value = Math.min(wordShown.value, Math.max(0, next.length - 1));
}

export function removeWord(word: string): void {
  setWords(words.value.filter((other) => other !== word));
  wordsAreOwn.value = true;
}

/** Distinct, without spaces around them. */
export function separateWords(text: string): string[] {
  const all = text.split(/[,\n]/).map((word) => word.trim());
  return [...new Set(all.filter((word) => word !== ''))];
}

/** @throws `invalid-argument` for a template that says nothing, or has no `{}` */
export function useOwnTemplate(template: string): void {
  if (template.trim() === '') {
    throw new VitrailError('invalid-argument', 'the template is empty: write a sentence with {} where the word goes');
  }
  if (!template.includes('{}')) {
    throw new VitrailError('invalid-argument', `a template has {} where the word goes, but “${template}” has none`);
  }
  ownTemplate.value = template;
}
