import { computed, signal } from '@preact/signals';

/** The pages of the studio. */
export const pages = ['look', 'train', 'compare'] as const;
export type Page = (typeof pages)[number];

const hash = signal(location.hash);
addEventListener('hashchange', () => {
  hash.value = location.hash;
});

/** Which page is shown. */
export const page = computed<Page>(() => {
  const [name] = hash.value.slice(1).split('?');
  return pages.find((known) => known === name) ?? 'look';
});

/** What the link says of that page's state. */
export const parameters = computed(() => new URLSearchParams(hash.value.split('?')[1] ?? ''));

/** Puts the page's state into its link, without a new entry in the history. Those that are `undefined` are left out. */
export function keepInLink(state: Readonly<Record<string, string | undefined>>): void {
  const entries = Object.entries(state).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const next = `#${page.peek()}${entries.length > 0 ? `?${new URLSearchParams(entries)}` : ''}`;
  if (next === location.hash) return;
  history.replaceState(null, '', next);
  hash.value = next;
}
