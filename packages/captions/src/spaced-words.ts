/** What stands between spaces: the words of EDA, with the punctuation that touches them. */
export function spacedWords(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
