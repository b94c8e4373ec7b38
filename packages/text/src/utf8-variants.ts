/** NUL in two bytes, as Java has it; or a character of UTF-16's two halves, three bytes each. See below for the line breaks. */
const VARIANT = /\xc0(?:\x80|\n$)|\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf](?:[\x80-\xbf]|\n$)/g;

/**
 * UTF-8 decoded, also that of Java and databases (CESU-8). A variant that lacks its last byte takes a line break at the end for it, as in `ftfy`.
 *
 * @param bytes as characters up to U+00FF
 * @returns nothing for what is no UTF-8
 * @see Unicode technical report 26; Java's `DataInput`, "Modified UTF-8"
 */
export function decodeUtf8Variants(bytes: string): string | undefined {
  const standard = bytes.replace(VARIANT, (variant) => {
    if (variant.length === 2) return '\0';
    const [, a, b, , c, d] = codes(variant);
    const high = 0x40 + ((a & 0x0f) << 6) + (b & 0x3f);
    // In binary 11110hhh 10hhhhhh 10hhcccc 10dddddd, of which h are the ten bits of the high half and those that it leaves out.
    return String.fromCharCode(
      0xf0 | (high >> 8),
      0x80 | ((high >> 2) & 0x3f),
      0x80 | ((high & 3) << 4) | (c & 0x0f),
      0x80 | (d & 0x3f),
    );
  });
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(codes(standard));
  } catch {
    return undefined;
  }
}

function codes(bytes: string): Uint8Array {
  return Uint8Array.from(bytes, (byte) => byte.charCodeAt(0));
}
