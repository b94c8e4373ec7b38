import { VitrailError } from '@vitrail/core';

/** Random access to the bytes of one file. */
export type ByteSource = {
  /** What error messages call it: a path, a URL, the name of a file. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /**
   * Bytes `[begin, end)`, the caller's own copy.
   *
   * @throws `invalid-argument` for a range that is not within the file; `io` when reading fails; `corrupt-data` when the file turns out to
   * be shorter than `size`.
   */
  read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
};

/** The bytes of a file that is in memory. They are not copied here: leave them as they are while the source is in use. */
export function bytesSource(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    size: bytes.length,
    async read(begin, end) {
      requireRange(name, bytes.length, begin, end);
      return new Uint8Array(bytes.subarray(begin, end));
    },
  };
}

/**
 * The bytes of a `Blob` or `File`, in browsers and in Node: a file that the user picked, without reading all of it.
 *
 * @param name of errors; by default the name of the `File`, or `blob`.
 */
export function blobSource(blob: Blob, name: string = blob instanceof File ? blob.name : 'blob'): ByteSource {
  return {
    name,
    size: blob.size,
    async read(begin, end) {
      requireRange(name, blob.size, begin, end);
      let bytes: Uint8Array<ArrayBuffer>;
      try {
        bytes = new Uint8Array(await blob.slice(begin, end).arrayBuffer());
      } catch (cause) {
        // Browsers refuse a picked file that was changed or removed in the meantime.
        throw new VitrailError('io', `${name} could not be read: ${(cause as Error).message}`, { cause });
      }
      return requireLength(name, bytes, begin, end);
    },
  };
}

/** Fails unless `[begin, end)` lies within a file. */
export function requireRange(name: string, size: number, begin: number, end: number): void {
  if (Number.isSafeInteger(begin) && Number.isSafeInteger(end) && 0 <= begin && begin <= end && end <= size) return;
  throw new VitrailError('invalid-argument', `${name} has ${size} bytes, but bytes [${begin}, ${end}) are asked for`);
}

/** The bytes read, unless there are fewer or more than asked for. */
export function requireLength<B extends Uint8Array>(name: string, bytes: B, begin: number, end: number): B {
  if (bytes.length === end - begin) return bytes;
  const what = `bytes [${begin}, ${end}) are ${end - begin}, but ${bytes.length} came`;
  throw new VitrailError('corrupt-data', `${name} changed while it was read, or was cut: ${what}`);
}
