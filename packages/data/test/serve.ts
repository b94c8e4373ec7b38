import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** Answers one request; `count` is its number, from 1 on. */
export type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A server on this machine, up to the end of the test, and what was asked of it. */
export async function serve(
  handler: Handler,
): Promise<{ url: string; requests: { range?: string; path?: string }[]; stop(): Promise<void> }> {
  const requests: { range?: string; path?: string }[] = [];
  const server = createServer((request, response) => {
    requests.push({ range: request.headers.range, path: request.url });
    handler(request, response, requests.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(stop);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/s.tar`, requests, stop };
}

/** Answers range requests as a static server does. */
export function ranged(content: Uint8Array): Handler {
  return ({ headers }, response) => {
    const [, from, to] = (/^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []).map(Number);
    if (from >= content.length) {
      response.writeHead(416, { 'Content-Range': `bytes */${content.length}` }).end();
      return;
    }
    const part = content.subarray(from, to + 1);
    const range = `bytes ${from}-${from + part.length - 1}/${content.length}`;
    response.writeHead(206, { 'Content-Range': range, 'Content-Length': part.length }).end(part);
  };
}

/** Sends the whole file, whatever is asked for. */
export function whole(content: Uint8Array): Handler {
  return (_, response) => response.writeHead(200, { 'Content-Length': content.length }).end(content);
}

/** Answers with a status only. */
export function status(code: number): Handler {
  return (_, response) => response.writeHead(code).end('sorry');
}

/** The first handler for request 1, the second for request 2, and so on; the last for all after. */
export function inTurn(...handlers: readonly Handler[]): Handler {
  return (request, response, count) => handlers[Math.min(count, handlers.length) - 1](request, response, count);
}
