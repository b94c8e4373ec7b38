import { isVitrailError, type VitrailError } from '@vitrail/core';
import type { ByteSource } from './byte-source.ts';

/** Compressed bytes are read this many at a time. */
const chunkLength = 2 ** 20;

/** Deflated bytes `[start, end)` of a source, of which `head` was already read. */
export type Deflated = { source: ByteSource; start: number; end: number; head: Uint8Array<ArrayBuffer> };

/**
 * The first `wanted.end` bytes of deflated data. Nothing is kept beyond that: data that goes on for ever cannot fill the memory.
 *
 * @param wanted `isAll`: the data must end there.
 * @param wrong makes the error.
 * @throws what `wrong` makes when the data is damaged, or has another length; what the source throws.
 */
export async function inflate(
  deflated: Deflated,
  wanted: { end: number; isAll: boolean },
  wrong: (what: string, cause?: unknown) => VitrailError,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  const reader = compressed(deflated).pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  try {
    while (total < wanted.end || wanted.isAll) {
      const { value } = await reader.read();
      if (value === undefined) break;
      chunks.push(value);
      total += value.length;
      if (total > wanted.end && wanted.isAll)
        throw wrong(`inflates to more than the ${wanted.end} bytes that the directory claims`);
    }
  } catch (cause) {
    throw isVitrailError(cause) ? cause : wrong('cannot be inflated', cause);
  } finally {
    // The stream may have failed already, which was told above.
    await reader.cancel().catch(() => undefined);
  }
  if (total < wanted.end) throw wrong(`inflates to ${total} bytes, but the directory claims ${wanted.end}`);
  const bytes = new Uint8Array(wanted.end);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk.subarray(0, wanted.end - at), at);
    at += chunk.length;
  }
  return bytes;
}

function compressed({ source, start, end, head }: Deflated): ReadableStream<BufferSource> {
  let at = start;
  return new ReadableStream<BufferSource>(
    {
      async pull(controller) {
        const chunk = at === start && head.length > 0 ? head : await source.read(at, Math.min(at + chunkLength, end));
        at += chunk.length;
        if (chunk.length > 0) controller.enqueue(chunk);
        if (at >= end) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}
