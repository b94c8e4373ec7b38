import type { RangeReader } from './range-reader.ts';

/**
 * `bytesAt(offset, length)` for reading headers in the order of their offsets, with as few reads as pay.
 *
 * Headers less than an eighth of `reader.readAhead` apart are neighbours: another request would cost more than reading what lies between them, so that
 * windows of `readAhead` bytes take many of them at once. Over larger gaps is skipped: behind one as much is read as the run of neighbours before it
 * took, which is a bare header for large files one after the other, and some blocks for a large picture with two small texts.
 */
export function headerWindow(reader: RangeReader): (offset: number, length: number) => Promise<Uint8Array> {
  const { size, readAhead = 1 << 18 } = reader;
  let bytes: Uint8Array = new Uint8Array(0);
  let from = 0;
  let wanted = readAhead;
  let runStart = 0;
  let runEnd = 0;
  return async (offset, length) => {
    const isSkip = offset - runEnd >= readAhead / 8;
    const isMiss = offset < from || offset + length > from + bytes.length;
    if (isSkip) {
      wanted = Math.min(runEnd - runStart, readAhead);
      runStart = offset;
    } else if (isMiss) {
      wanted = Math.min(2 * wanted, readAhead); // A run that outgrows its window.
    }
    runEnd = offset + length;
    if (isMiss) {
      bytes = await reader.read(offset, Math.min(Math.max(length, wanted), size - offset));
      from = offset;
    }
    return bytes.subarray(offset - from, offset - from + length);
  };
}
