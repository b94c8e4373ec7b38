import { VitrailError } from '@vitrail/core';

/** Random access to the bytes of one file, wherever it lies: the readers of a `filePool` of `@vitrail/data/node`, {@link httpReader}, {@link blobReader}. */
export interface RangeReader {
  /** Bytes in all. */
  readonly size: number;
  /** How many bytes are worth asking for at once where little more than a header is needed: the higher, the dearer a request; gaps of an eighth of it are skipped. 256 KiB when absent. */
  readonly readAhead?: number;
  /** What is another when the file's content is: its time of modification, its ETag. Absent where none is known. */
  readonly version?: string;
  /**
   * Exactly the `length` bytes from `offset` on; the caller may keep them.
   *
   * @throws `corrupt-data` when the file has grown shorter; `io` when reading fails.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Frees what reading holds (a file handle, a downloaded copy). */
  close?(): Promise<void>;
}

/**
 * Reads a `Blob` or `File`, as a browser's file picker gives them, without loading it whole.
 *
 * @example await openShards({ shards: [{ name: file.name, reader: blobReader(file) }], decode }); // a SampleSource
 */
export function blobReader(blob: Blob): RangeReader {
  return {
    size: blob.size,
    ...('lastModified' in blob && { version: String(blob.lastModified) }),
    async read(offset, length) {
      const part = blob.slice(offset, offset + length);
      const bytes = await part.arrayBuffer().then(
        (buffer) => new Uint8Array(buffer),
        (error: Error) => {
          // What browsers say when the file on disk was changed or removed after it was picked.
          throw new VitrailError('io', `the file can no longer be read: ${error.message}`, { cause: error });
        },
      );
      if (bytes.length !== length) {
        throw new VitrailError(
          'corrupt-data',
          `${length} bytes at byte ${offset} were asked for, but a blob of ${blob.size} gave ${bytes.length}`,
        );
      }
      return bytes;
    },
  };
}
