import { htmlUnescaper } from './unescape-html.ts';

/**
 * The cleaning of captions that CLIP was trained with, as far as it goes without `ftfy`: see `clipTokenizer`.
 *
 * @see OpenAI `simple_tokenizer.py` (basic_clean, whitespace_clean); `ftfy` 6 (fix_text)
 */
export function captionCleaner(): (text: string) => string {
  const unescapeHtml = htmlUnescaper();
  return (text) => {
    // ftfy takes a text with a tag in it for HTML and leaves its entities; what they stand for is then not straightened.
    const plain = text.includes('<') ? text : unescapeHtml(text);
    const fixed = plain
      .replace(/[\u02bc\u2018-\u201b]/g, "'")
      .replace(/[\u201c-\u201f]/g, '"')
      .normalize('NFC');
    return unescapeHtml(unescapeHtml(fixed)).replace(/\s+/g, ' ').trim().toLowerCase();
  };
}
