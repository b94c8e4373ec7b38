import { expect, test } from 'vitest';
import type { ByteSource } from './byte-source.ts';
import { openSafetensors } from './open-safetensors.ts';

/** A file of zeros behind a header, of which only what is read is ever made. */
function zerosBehind(header: unknown, dataLength: number): ByteSource {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = new Uint8Array(8 + text.length);
  new DataView(start.buffer).setBigUint64(0, BigInt(text.length), true);
  start.set(text, 8);
  return {
    name: 'large.safetensors',
    size: start.length + dataLength,
    async read(begin, end) {
      const bytes = new Uint8Array(end - begin);
      bytes.set(start.subarray(begin, end));
      return bytes;
    },
  };
}

// Weights of more than 95 MB, which most published models have, would be refused as damaged.
test('tensors far behind the start of a file of 40 GB are read', async () => {
  const begins = [0, 94_915_584, 20_000_000_000];
  const ends = [94_915_584, 20_000_000_000, 40_000_000_000];
  const entries = begins.map((begin, i) => [
    String(i),
    { dtype: 'U8', shape: [ends[i] - begin], data_offsets: [begin, ends[i]] },
  ]);
  entries.push(['last', { dtype: 'F32', shape: [2], data_offsets: [40_000_000_000, 40_000_000_008] }]);
  const file = await openSafetensors(zerosBehind(Object.fromEntries(entries), 40_000_000_008));
  expect(await file.read('last')).toEqual({ dtype: 'F32', shape: [2], values: new Float32Array(2) });
});
