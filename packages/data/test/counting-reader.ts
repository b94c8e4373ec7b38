import type { RangeReader } from '../src/shards/range-reader.ts';

/** A file in memory that remembers what was asked of it. */
export type CountingReader = RangeReader & {
  /** `[offset, length]` of every read since the last {@link CountingReader.forget}. */
  readonly reads: [offset: number, length: number][];
  forget(): void;
  bytesRead(): number;
  isClosed(): boolean;
};

/** `size` may be larger than `bytes`: what lies behind them reads as zeros and takes no memory. */
export function countingReader(
  bytes: Uint8Array,
  { readAhead, version, size = bytes.length }: { readAhead?: number; version?: string; size?: number } = {},
): CountingReader {
  const reads: [number, number][] = [];
  let closed = false;
  return {
    size,
    readAhead,
    version,
    reads,
    forget: () => reads.splice(0),
    bytesRead: () => reads.reduce((sum, [, length]) => sum + length, 0),
    isClosed: () => closed,
    async read(offset, length) {
      if (!(offset >= 0 && offset + length <= size)) throw new Error(`${length} bytes at ${offset} of ${size} were asked for`);
      reads.push([offset, length]);
      const part = new Uint8Array(length);
      part.set(bytes.subarray(offset, offset + length));
      return part;
    },
    async close() {
      closed = true;
    },
  };
}
