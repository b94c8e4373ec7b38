/**
 * Every character in lower case by itself, as the Python library `tokenizers` does it. `toLowerCase` looks around: at the end of a word it
 * writes a sigma as ς.
 */
export function lowerCaseCharacters(text: string): string {
  return Array.from(text, (character) => character.toLowerCase()).join('');
}
