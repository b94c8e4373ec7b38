/** Markup that is safe to put into a page as it stands. Made by {@link html} or, for constants of our own, {@link trusted}. */
export type Html = { readonly markup: string };

/** What a hole of {@link html} takes: text is escaped, markup is not, lists are joined, `undefined` and `false` leave nothing. */
export type HtmlValue = Html | string | number | undefined | false | readonly HtmlValue[];

/**
 * A template tag whose holes are escaped, so that no caption, class name or configuration value can become markup. Attribute values must
 * stand in double quotes.
 *
 * @example html`<b title="${'"'}">${'<i>'}</b>`.markup // '<b title="&quot;">&lt;i&gt;</b>'
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return { markup: parts.map((part, i) => (i === 0 ? part : markupOf(values[i - 1]) + part)).join('') };
}

/** Marks a string as markup, unescaped. For constants of this program only, never for anything read from a run. */
export function trusted(markup: string): Html {
  return { markup };
}

/** Text with the five characters that mean something in HTML replaced by entities. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function markupOf(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  if ('markup' in value) return value.markup;
  return value.map(markupOf).join('');
}
