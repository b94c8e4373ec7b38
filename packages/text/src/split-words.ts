/** A run of letters, marks and digits, or any other character that is not a space. */
const WORD = /[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu;

/** The words of a text, lower-cased and in Unicode's composed form (NFC); every punctuation mark and symbol is a word of its own. */
export function splitWords(text: string): string[] {
  return text.toLowerCase().normalize('NFC').match(WORD) ?? [];
}
