import { VitrailError } from '@vitrail/core';
import { type ByteSource, requireLength, requireRange } from './byte-source.ts';

/** Of requests: what ends them, and what travels with them (`Authorization`). */
export type HttpSourceOptions = { signal?: AbortSignal; headers?: HeadersInit };

/**
 * The bytes of a file on a server, by HTTP range requests: one to learn the size, one for every `read`.
 *
 * A page on another origin sees the size when the server exposes `Content-Range` to it, or answers `HEAD` with `Content-Length`.
 *
 * @throws `missing-data` for an answer of 404 or 410; `io` when the server cannot be reached, answers with another error, or ignores
 * ranges; `corrupt-data` when it sends another range or length than asked for; the reason of `signal` when that is aborted.
 *
 * @example (await httpSource('https://example.org/model.safetensors')).size // 346284714
 */
export async function httpSource(url: string | URL, options: HttpSourceOptions = {}): Promise<ByteSource> {
  const name = String(url).split(/[?#]/)[0]; // Without the query, which may hold a signature.
  const size = await fileSize(name, url, options);
  return {
    name,
    size,
    async read(begin, end) {
      requireRange(name, size, begin, end);
      if (begin === end) return new Uint8Array(0);
      const response = await request(name, url, options, 'GET', `bytes=${begin}-${end - 1}`);
      await requirePartial(name, response);
      const sent = contentRange(response);
      if (sent !== undefined && (sent.begin !== begin || sent.end !== end || sent.size !== size)) {
        await response.body?.cancel();
        const what = `bytes [${begin}, ${end}) of ${size} were asked for, but [${sent.begin}, ${sent.end}) of ${sent.size} came`;
        throw new VitrailError('corrupt-data', `${name}: ${what}`);
      }
      return requireLength(name, await body(name, response, end - begin, options), begin, end);
    },
  };
}

async function fileSize(name: string, url: string | URL, options: HttpSourceOptions): Promise<number> {
  const response = await request(name, url, options, 'GET', 'bytes=0-0');
  const isEmpty = response.status === 416 && /^bytes \*\/0$/.test(response.headers.get('content-range') ?? '');
  if (!isEmpty) await requirePartial(name, response);
  await response.body?.cancel();
  if (isEmpty) return 0;
  const size = contentRange(response)?.size ?? (await lengthByHead(name, url, options));
  if (size !== undefined && Number.isSafeInteger(size)) return size;
  throw new VitrailError('io', `${name}: the server does not tell the size; let it expose Content-Range to this origin`);
}

async function lengthByHead(name: string, url: string | URL, options: HttpSourceOptions): Promise<number | undefined> {
  const response = await request(name, url, options, 'HEAD');
  const length = response.headers.get('content-length');
  return response.ok && length !== null && !response.headers.has('content-encoding') ? Number(length) : undefined;
}

async function request(
  name: string,
  url: string | URL,
  { signal, headers }: HttpSourceOptions,
  method: 'GET' | 'HEAD',
  range?: string,
): Promise<Response> {
  const all = new Headers(headers);
  if (range !== undefined) all.set('Range', range);
  try {
    return await fetch(url, { method, headers: all, signal });
  } catch (cause) {
    throw failure(name, cause, signal);
  }
}

async function requirePartial(name: string, response: Response): Promise<void> {
  const { status } = response;
  if (status === 206) return;
  await response.body?.cancel();
  if (status === 404 || status === 410)
    throw new VitrailError('missing-data', `${name} is not there: the server answers ${status}`);
  if (status === 200) {
    const mend = 'take a server that supports them, or fetch all of the file and use blobSource';
    throw new VitrailError('io', `${name}: the server ignores range requests and sends the whole file; ${mend}`);
  }
  throw new VitrailError('io', `${name}: the server answers ${status} ${response.statusText}`.trimEnd());
}

function contentRange(response: Response): { begin: number; end: number; size: number } | undefined {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  return match === null ? undefined : { begin: Number(match[1]), end: Number(match[2]) + 1, size: Number(match[3]) };
}

/** At most `length` bytes of the answer and one more, so that a server that sends without end does not fill the memory. */
async function body(
  name: string,
  response: Response,
  length: number,
  { signal }: HttpSourceOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  const reader = response.body?.getReader();
  try {
    for (let next = await reader?.read(); next?.value !== undefined && total <= length; next = await reader?.read()) {
      chunks.push(next.value);
      total += next.value.length;
    }
    if (total > length) await reader?.cancel();
  } catch (cause) {
    throw failure(name, cause, signal);
  }
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function failure(name: string, cause: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  const { message, cause: inner } = cause as Error;
  const reason = inner instanceof Error ? `${message} (${inner.message})` : message;
  return new VitrailError('io', `${name} could not be read: ${reason}`, { cause });
}
