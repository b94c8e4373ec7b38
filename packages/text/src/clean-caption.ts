import { textRepairer } from './repair-text.ts';
import { htmlUnescaper } from './unescape-html.ts';

/**
 * The cleaning of captions that CLIP was trained with: repaired, HTML unescaped twice, runs of white space made one space, lower case.
 *
 * @see OpenAI `simple_tokenizer.py` (basic_clean, whitespace_clean)
 */
export function captionCleaner(): (text: string) => string {
  const repair = textRepairer();
  const unescapeHtml = htmlUnescaper();
  return (text) => {
    const words = unescapeHtml(unescapeHtml(repair(text))).split(/\p{White_Space}+/u);
    return words
      .filter((word) => word !== '')
      .join(' ')
      .toLowerCase();
  };
}
