import { expect, it } from 'vitest';
import unescapedByPython from '../fixtures/html-unescape.json' with { type: 'json' };
import { htmlUnescaper } from './unescape-html.ts';

it("equals Python's html.unescape: names with and without semicolon, prefixes of names, numbers that are no characters", () => {
  const unescapeHtml = htmlUnescaper();
  expect(unescapedByPython.length).toBeGreaterThan(300);
  for (const [text, expected] of unescapedByPython) expect(unescapeHtml(text), JSON.stringify(text)).toBe(expected);
});
