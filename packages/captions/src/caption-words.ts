/**
 * The words of a caption, as they are written: punctuation marks and clitics are words of their own (`don't` is `do` and `n't`, `dog's` is `dog`
 * and `'s`), numbers and hyphenated words stay whole (`3.5`, `10,000`, `close-up`).
 *
 * As NLTK's word tokenizer on captions, but for: quotation marks, which it turns into other characters; abbreviations, whose period is a word
 * here; and contractions such as `cannot` or `gonna`, which stay whole here.
 *
 * @see NLTK 3.7, `nltk.tokenize.word_tokenize`
 */
export function captionWords(text: string): string[] {
  return text
    .replace(/\.{2,}|-{2,}|[;@#$%&?!*[\](){}<>"]|[:,](?!\d)/g, ' $& ')
    .replace(/(?<=[^\s.])\.(?='?(?:\s|$))/g, ' . ')
    .replace(/(?<=[^\s'])(?:'(?:s|m|d|ll|re|ve)|n't|')(?=\s|$)/gi, ' $&')
    .replace(/(?<=^|\s)'(?=[\p{L}\p{N}]{2})(?!(?:s|m|d|ll|re|ve)(?:\s|$))/giu, "' ")
    .split(/\s+/)
    .filter((word) => word !== '');
}
