import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a server treats requests of ranges, by the first part of the path: `/short/model.safetensors`. */
const behaviours: Readonly<
  Record<string, (content: Buffer, range: Range, response: ServerResponse, request: IncomingMessage) => void>
> = {
  ranges: (content, range, response) => partial(content, range, response),
  ignores: (content, _, response) => void response.writeHead(200, { 'Content-Length': content.length }).end(content),
  short: (content, range, response) =>
    partial(content, range, response, { body: content.subarray(range.begin, Math.max(range.begin + 1, range.end - 1)) }),
  long: (content, range, response) =>
    partial(content, range, response, { body: Buffer.concat([content.subarray(range.begin, range.end), Buffer.from('x')]) }),
  shifted: (content, range, response) => {
    const other = range.end - range.begin === 1 ? range : { begin: range.begin + 1, end: range.end + 1 };
    partial(content, other, response);
  },
  resized: (content, range, response) =>
    partial(content, range, response, { size: content.length + (range.end - range.begin === 1 ? 0 : 1) }),
  // As a server on another origin that does not expose Content-Range.
  unsized: (content, range, response, { method }) => {
    if (method === 'HEAD') response.writeHead(200, { 'Content-Length': content.length }).end();
    else response.writeHead(206).end(content.subarray(range.begin, range.end));
  },
  silent: (content, range, response, { method }) => {
    if (method === 'HEAD') response.writeHead(405).end();
    else response.writeHead(206).end(content.subarray(range.begin, range.end));
  },
  endless: (content, range, response) => {
    if (range.end - range.begin === 1) return partial(content, range, response);
    response.writeHead(206);
    const chunk = Buffer.alloc(2 ** 16);
    const send = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', send);
    send();
  },
  cut: (content, range, response) => {
    if (range.end - range.begin === 1) return partial(content, range, response);
    response.writeHead(206, { 'Content-Length': range.end - range.begin });
    response.write(content.subarray(range.begin, range.begin + 2), () => response.destroy());
  },
  fails: (_, __, response) => void response.writeHead(503).end(),
  hangs: (content, range, response) => {
    if (range.end - range.begin === 1) partial(content, range, response);
  },
};

type Range = { begin: number; end: number };

/** Serves files on 127.0.0.1, well or badly. */
export async function serveFiles(files: Readonly<Record<string, Uint8Array>>, types: Readonly<Record<string, string>> = {}) {
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
    const type = types[path];
    if (type !== undefined) return response.writeHead(200, { 'Content-Type': type }).end(files[path]);
    const [, behaviour, name] = path.split('/');
    requests.push(`${request.method} ${request.headers.range ?? ''} ${request.headers.authorization ?? ''}`.trim());
    const content = files[name];
    const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const range = { begin: Number(match?.[1] ?? 0), end: Number(match?.[2] ?? 0) + 1 };
    if (content === undefined) return response.writeHead(404).end();
    if (content.length === 0) return response.writeHead(416, { 'Content-Range': 'bytes */0' }).end();
    return behaviours[behaviour](Buffer.from(content), range, response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function partial(
  content: Buffer,
  { begin, end }: Range,
  response: ServerResponse,
  other: { body?: Buffer; size?: number } = {},
): void {
  response.writeHead(206, { 'Content-Range': `bytes ${begin}-${end - 1}/${other.size ?? content.length}` });
  response.end(other.body ?? content.subarray(begin, end));
}
