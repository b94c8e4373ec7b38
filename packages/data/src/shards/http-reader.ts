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

/** Milliseconds without a byte after which a try has failed. */
const SILENCE = 60_000;

/** One try of a request: `signal` ends it once it has been silent for too long, and `heard()` says that it has not. */
type Try = { readonly signal: AbortSignal; heard(): void };

/**
 * Reads a file over http(s) with range requests. Network errors, time-outs, 408, 429 and 5xx answers are tried again, with doubling waits.
 *
 * The reader's `version` is the ETag, or else the Last-Modified, of the first answer.
 *
 * A server that ignores `Range` sends the whole file: it is kept in memory if the budget allows, so that small shards on a plain static server work.
 *
 * @throws `missing-data` for 404 and 410; `unavailable` when the server has no range requests and the file is larger than the budget;
 *   `io` when tries run out or the server refuses; `corrupt-data` when the file on the server changes its size.
 */
export async function httpReader(url: string, options: HttpOptions = {}): Promise<RangeReader> {
  const range = (from: number, to: number, { signal }: Try) =>
    fetch(url, { headers: { Range: `bytes=${from}-${to}`, 'Accept-Encoding': 'identity' }, signal });

  // The first byte says whether the server answers range requests, and how large the file is.
  const first = await withRetries(url, options, async (attempt) => {
    const response = await range(0, 0, attempt);
    // An empty file has no first byte to ask for.
    if (response.status === 416 && response.headers.get('content-range') === 'bytes */0') return { size: 0 };
    const version = response.headers.get('etag') ?? response.headers.get('last-modified') ?? undefined;
    if (response.status !== 200) return { version, size: (await part(url, response, 0, attempt)).size };
    const whole = await downloadWhole(url, response, attempt, options.budget);
    return { version, size: whole.length, whole };
  });
  const { size, version, whole } = first;
  if (whole !== undefined) return { ...wholeReader(whole, options.budget), version };
  return {
    size,
    version,
    readAhead: 1 << 21,
    async read(offset, length) {
      if (length === 0) return new Uint8Array(0);
      return withRetries(url, options, async (attempt) => {
        const response = await range(offset, offset + length - 1, attempt);
        // 416: what is asked for lies past the end, which it did not when the file was opened.
        const answer = response.status === 416 ? undefined : await part(url, response, offset, attempt);
        if (answer?.size !== size) {
          const now = answer === undefined ? 'fewer' : answer.size;
          throw new VitrailError(
            'corrupt-data',
            `${url}: it changed while it was being read (${size} bytes at first, now ${now})`,
          );
        }
        if (answer.bytes.length !== length) throw new Transient(`${answer.bytes.length} of ${length} bytes came`);
        return answer.bytes;
      });
    },
  };
}

/** The bytes of a 206 answer, which begin at byte `from`, and the size of the whole file. */
async function part(url: string, response: Response, from: number, attempt: Try): Promise<{ size: number; bytes: Uint8Array }> {
  if (response.status !== 206) throw refusal(url, response.status);
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  if (range === null || Number(range[1]) !== from) {
    const stated = response.headers.get('content-range') ?? 'nothing';
    throw new VitrailError(
      'io',
      `${url}: bytes from ${from} on and the file's size were asked for, but the server states "${stated}"`,
    );
  }
  return { size: Number(range[2]), bytes: await joinedBody(response, attempt) };
}

/** The body of an answer. `admit` is told the length of each piece before it is kept, and may throw. */
async function joinedBody(response: Response, { heard }: Try, admit = (_length: number) => {}): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let next = await reader?.read(); next !== undefined && !next.done; next = await reader?.read()) {
    heard();
    admit(next.value.length);
    size += next.value.length;
    chunks.push(next.value);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function wholeReader(bytes: Uint8Array, budget: MemoryBudget | undefined): RangeReader {
  let held: Uint8Array | undefined = bytes;
  return {
    size: bytes.length,
    async read(offset, length) {
      if (held === undefined) throw new VitrailError('io', 'this file was closed');
      return held.slice(offset, offset + length);
    },
    async close() {
      if (held !== undefined && budget !== undefined) budget.remaining += held.length;
      held = undefined;
    },
  };
}

/** The whole file, as long as the budget lasts; what was taken from the budget is given back when the download fails. */
async function downloadWhole(url: string, response: Response, attempt: Try, budget: MemoryBudget = { remaining: 0 }) {
  let taken = 0;
  const requireRoom = (length: number) => {
    if (length <= budget.remaining) return;
    throw new VitrailError(
      'unavailable',
      `${url}: the server does not answer range requests, and the file does not fit in the ${budget.remaining + taken} bytes left for ` +
        'whole downloads; download the shards and give their paths',
    );
  };
  try {
    requireRoom(Number(response.headers.get('content-length') ?? 0));
    return await joinedBody(response, attempt, (length) => {
      requireRoom(length);
      budget.remaining -= length;
      taken += length;
    });
  } catch (error) {
    budget.remaining += taken;
    throw error;
  }
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

async function withRetries<T>(url: string, options: HttpOptions, work: (attempt: Try) => Promise<T>): Promise<T> {
  const { attempts = 5, delay = 200 } = options;
  for (let attempt = 1; ; attempt++) {
    const controller = new AbortController();
    const silence = () => setTimeout(() => controller.abort(new Transient(`nothing came for ${SILENCE / 1000} s`)), SILENCE);
    let timer = silence();
    const heard = () => {
      clearTimeout(timer);
      timer = silence();
    };
    try {
      return await work({ signal: controller.signal, heard });
    } catch (error) {
      if (isVitrailError(error)) throw error;
      if (attempt >= attempts) {
        const { message, cause } = error instanceof Error ? error : new Error(String(error));
        const detail = cause instanceof Error ? `${message}: ${cause.message}` : message;
        throw new VitrailError('io', `${url}: ${attempts} tries failed; the last: ${detail}`, { cause: error });
      }
    } finally {
      clearTimeout(timer);
      controller.abort(); // Lets go of an answer that was not read to its end.
    }
    await new Promise((resolve) => setTimeout(resolve, delay * 2 ** (attempt - 1)));
  }
}
