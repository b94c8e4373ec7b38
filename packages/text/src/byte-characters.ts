/** The 256 bytes in the order of their ids: those that print in Latin-1 (`!` to `~`, `¡` to `¬`, `®` to `ÿ`), then the others. */
export const BYTE_ORDER: readonly number[] = /* @__PURE__ */ byteOrder();

/**
 * The character that stands for each byte in merge files, by byte: its own in Latin-1 if that prints, else the next of U+0100, U+0101, ....
 *
 * @see OpenAI GPT-2 `encoder.py` (bytes_to_unicode)
 */
export function byteCharacters(): string[] {
  const characters = new Array<string>(BYTE_ORDER.length);
  BYTE_ORDER.forEach((byte, place) => {
    characters[byte] = String.fromCharCode(place < PRINTING ? byte : 256 + place - PRINTING);
  });
  return characters;
}

/** How many of the bytes print. */
const PRINTING = 188;

function byteOrder(): number[] {
  const prints = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte !== 173);
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  return [...bytes.filter(prints), ...bytes.filter((byte) => !prints(byte))];
}
