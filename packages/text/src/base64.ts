import { VitrailError } from '@vitrail/core';

/** Bytes as base64. */
export function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  // In parts: `fromCharCode` takes no more arguments than fit on the stack.
  for (let at = 0; at < bytes.length; at += 4096) parts.push(String.fromCharCode(...bytes.subarray(at, at + 4096)));
  return btoa(parts.join(''));
}

/**
 * The bytes of base64.
 *
 * @param what names the text in errors
 * @throws `corrupt-data` for any other text
 */
export function fromBase64(text: string, what: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new VitrailError('corrupt-data', `${what} is not base64: it was cut off or changed`, { cause });
  }
}
