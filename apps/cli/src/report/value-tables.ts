import { type Html, html, trusted } from './html.ts';

/**
 * Values by dotted path, as one table per first name of the path.
 *
 * @param ungrouped title of the table for paths of a single name.
 */
export function valueTables(values: readonly (readonly [path: string, value: string])[], ungrouped: string): Html {
  const groups = new Map<string, (readonly [string, string])[]>();
  for (const row of values) {
    const dot = row[0].indexOf('.');
    const group = dot < 0 ? ungrouped : row[0].slice(0, dot);
    groups.set(group, [...(groups.get(group) ?? []), row]);
  }
  return html`<div class="values">${[...groups].map(
    ([group, rows]) =>
      html`<table><caption>${group}</caption><tbody>${rows.map(([path, value]) => html`<tr><th scope="row">${breakable(path)}</th><td>${value}</td></tr>`)}</tbody></table>`,
  )}</div>`;
}

/** A dotted path that may be broken into lines before its dots. */
function breakable(path: string): Html {
  return html`${path.split('.').map((name, i) => html`${i > 0 && trusted('<wbr>.')}${name}`)}`;
}
