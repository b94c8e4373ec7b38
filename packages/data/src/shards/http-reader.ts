import { isVitrailError, VitrailError } from '@vitrail/core';
import type { RangeReader } from './range-reader.ts';

/** Memory that readers of one source share for files they must hold whole. {@link httpReader} takes from `remaining` and gives back on closing. */
export type MemoryBudget = { remaining: number };

/** How {@link httpReader} behaves on a bad line. */
export type HttpOptions = {
  /** For servers without range requests: files are downloaded whole while this lasts. None by default. */
  readonly budget?: MemoryBudget;
  /** Tries of one request in all; 5 by default. */
  readonly attempts?: number;
  /** Milliseconds before the second try; each further wait is twice as long. 200 by default. */
  readonly delay?: number;
};

/** A try that hangs this long, in milliseconds, has failed. */
const TIMEOUT = 60_000;

/**
 * Reads a file over http(s) with range requests. Network errors, time-outs, 408, 429 and 5xx answers are tried again, with doubling waits.
 *
 * A server that ignores `Range` sends the whole file: it is kept in memory if the budget allows, so that small shards on a plain static server work.
 *
 * @throws `missing-data` for 404 and 410; `unavailable` when the server has no range requests and the file is larger than the budget;
 *   `io` when tries run out or the server refuses; `corrupt-data` when the file on the server changes its size.
 */
export async function httpReader(url: string, options: HttpOptions = {}): Promise<RangeReader> {
  const range = (from: number, to: number, signal: AbortSignal) =>
    fetch(url, { headers: { Range: `bytes=${from}-${to}`, 'Accept-Encoding': 'identity' }, signal });

  // The first byte says whether the server answers range requests, and how large the file is.
  const first = await withRetries(url, options, async (signal) => {
    const response = await range(0, 0, signal);
    // An empty file has no first byte to ask for.
    if (response.status === 416 && response.headers.get('content-range') === 'bytes */0') return { size: 0 };
    if (response.status === 200) return { whole: await downloadWhole(url, response, options.budget) };
    return { size: (await part(url, response)).size };
  });
  if (first.whole !== undefined) return wholeReader(first.whole, options.budget);
  const { size } = first;
  return {
    size,
    readAhead: 1 << 20,
    async read(offset, length) {
      if (length === 0) return new Uint8Array(0);
      const answer = await withRetries(url, options, async (signal) =>
        part(url, await range(offset, offset + length - 1, signal)),
      );
      if (answer.size !== size || answer.bytes.length !== length) {
        throw new VitrailError(
          'corrupt-data',
          `${url}: it changed while it was being read (${size} bytes at first, now ${answer.size})`,
        );
      }
      return answer.bytes;
    },
  };
}

/** The bytes of a 206 answer and the size of the whole file. */
async function part(url: string, response: Response): Promise<{ size: number; bytes: Uint8Array }> {
  if (response.status !== 206) {
    await response.body?.cancel();
    throw refusal(url, response.status);
  }
  const size = /^bytes \d+-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
  if (size === undefined)
    throw new VitrailError('io', `${url}: an answer to a range request that does not state the file's size`);
  return { size: Number(size), bytes: new Uint8Array(await response.arrayBuffer()) };
}

function wholeReader(bytes: Uint8Array, budget: MemoryBudget | undefined): RangeReader {
  let held: Uint8Array | undefined = bytes;
  return {
    size: bytes.length,
    async read(offset, length) {
      if (held === undefined) throw new VitrailError('io', 'this file was closed');
      return held.subarray(offset, offset + length);
    },
    async close() {
      if (held !== undefined && budget !== undefined) budget.remaining += held.length;
      held = undefined;
    },
  };
}

/** The body of an answer, as long as the budget lasts; what was taken from the budget is given back when the download fails. */
async function downloadWhole(url: string, response: Response, budget: MemoryBudget | undefined): Promise<Uint8Array> {
  const tooLarge = () =>
    new VitrailError(
      'unavailable',
      `${url}: the server does not answer range requests, and the file does not fit in the ${budget?.remaining ?? 0} bytes left for whole downloads; ` +
        'download the shards and give their paths',
    );
  const stated = Number(response.headers.get('content-length') ?? 0);
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    if (budget === undefined || stated > budget.remaining) throw tooLarge();
    for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
      if (part.value.length > budget.remaining) throw tooLarge();
      budget.remaining -= part.value.length;
      size += part.value.length;
      chunks.push(part.value);
    }
  } catch (error) {
    if (budget !== undefined) budget.remaining += size;
    await reader?.cancel().catch(() => {});
    throw error;
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** An answer that another try may mend. */
class Transient extends Error {}

function refusal(url: string, status: number): Error {
  if (status === 404 || status === 410)
    return new VitrailError('missing-data', `${url}: the server has no such file (${status})`);
  // 200 after range requests have been answered: some proxies fall back to the whole file now and then.
  if (status === 200 || status === 408 || status === 429 || status >= 500) return new Transient(`the server answered ${status}`);
  return new VitrailError('io', `${url}: the server answered ${status}`);
}

async function withRetries<T>(url: string, options: HttpOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { attempts = 5, delay = 200 } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(AbortSignal.timeout(TIMEOUT));
    } catch (error) {
      if (isVitrailError(error)) throw error;
      if (attempt >= attempts) {
        const cause = (error as Error).cause;
        const detail = cause instanceof Error ? `${(error as Error).message}: ${cause.message}` : (error as Error).message;
        throw new VitrailError('io', `${url}: ${attempts} tries failed; the last: ${detail}`, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, delay * 2 ** (attempt - 1)));
    }
  }
}
