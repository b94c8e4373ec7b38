import { readFileSync } from 'node:fs';

/** A file of the package's `fixtures` folder, made by `make_reference.py`. */
export function readFixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../fixtures/${name}`, import.meta.url)));
}

/** The same as JSON; `T` is what the script writes there. */
export function readJsonFixture<T>(name: string): T {
  return JSON.parse(new TextDecoder().decode(readFixture(name))) as T;
}

/** Bytes from base64. */
export function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
