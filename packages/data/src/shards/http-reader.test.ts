import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { expectError } from '../../test/expect-error.ts';
import { makeTar } from '../../test/make-tar.ts';
import { type Handler, inTurn, ranged, serve, status, whole } from '../../test/serve.ts';
import { httpReader } from './http-reader.ts';
import { openShards } from './shard-source.ts';

const CONTENT = Uint8Array.from({ length: 1000 }, (_, i) => i * 7);
const QUICK = { delay: 1 };

describe('a server with range requests', () => {
  it('is asked for the first byte, and then for exactly what is read', async () => {
    const { url, requests } = await serve(ranged(CONTENT));
    const reader = await httpReader(url, QUICK);
    expect(reader.size).toBe(1000);
    expect(await reader.read(10, 20)).toEqual(CONTENT.slice(10, 30));
    expect(await reader.read(999, 1)).toEqual(CONTENT.slice(999));
    expect((await reader.read(5, 0)).length).toBe(0);
    expect(requests.map(({ range }) => range)).toEqual(['bytes=0-0', 'bytes=10-29', 'bytes=999-999']);
  });

  it('serves shards', async () => {
    const { url } = await serve(ranged(makeTar({ 'a.jpg': 'x', 'a.txt': 'a dog' })));
    const decode = async () => ({ width: 1, height: 1, data: new Uint8Array(3) });
    const source = await openShards({ shards: [{ name: 's.tar', reader: await httpReader(url, QUICK) }], decode });
    expect((await source.read(0)).captions).toEqual({ alt: 'a dog' });
    await source.close();
  });

  it.each([
    [{ ETag: '"abc"', 'Last-Modified': 'Tue, 01 Sep 2026 10:00:00 GMT' }, '"abc"'],
    [{ 'Last-Modified': 'Tue, 01 Sep 2026 10:00:00 GMT' }, 'Tue, 01 Sep 2026 10:00:00 GMT'],
    [{}, undefined],
  ])('names the version of the file by %o, with range requests or without', async (headers, version) => {
    for (const handler of [ranged(CONTENT), whole(CONTENT)]) {
      const { url } = await serve((request, response, count) => {
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        handler(request, response, count);
      });
      const reader = await httpReader(url, { ...QUICK, budget: { remaining: 1000 } });
      expect(reader.version).toBe(version);
      await reader.close?.();
    }
  });

  it('may redirect', async () => {
    const files = ranged(CONTENT);
    const { url, requests } = await serve((request, response, count) => {
      if (request.url === '/elsewhere') files(request, response, count);
      else response.writeHead(302, { Location: '/elsewhere' }).end();
    });
    const reader = await httpReader(url, QUICK);
    expect(await reader.read(10, 20)).toEqual(CONTENT.slice(10, 30));
    expect(requests[3]).toEqual({ range: 'bytes=10-29', path: '/elsewhere' });
  });

  it('may have an empty file', async () => {
    const { url } = await serve(ranged(new Uint8Array(0)));
    expect((await httpReader(url, QUICK)).size).toBe(0);
  });
});

describe('a server without range requests', () => {
  it('sends the whole file once, as far as the budget goes, which closing gives back', async () => {
    const { url, requests } = await serve(whole(CONTENT));
    const budget = { remaining: 1500 };
    const reader = await httpReader(url, { ...QUICK, budget });
    expect(reader.size).toBe(1000);
    expect(budget.remaining).toBe(500);
    expect(await reader.read(10, 20)).toEqual(CONTENT.slice(10, 30));
    expect(requests.length).toBe(1);

    await expectError(
      () => httpReader(url, { ...QUICK, budget }),
      'unavailable',
      /does not fit in the 500 bytes left .*download the shards/,
    );
    expect(budget.remaining).toBe(500);

    await reader.close?.();
    await reader.close?.();
    expect(budget.remaining).toBe(1500);
    await expectError(() => reader.read(0, 1), 'io', /closed/);
  });

  it('gives no view of memory that others share', async () => {
    const { url } = await serve(whole(CONTENT));
    const reader = await httpReader(url, { ...QUICK, budget: { remaining: 1000 } });
    (await reader.read(0, 10)).fill(99);
    expect(await reader.read(0, 10)).toEqual(CONTENT.slice(0, 10));
  });

  it('is refused without a budget', async () => {
    const { url, requests } = await serve(whole(CONTENT));
    await expectError(() => httpReader(url, QUICK), 'unavailable', /does not answer range requests/);
    expect(requests.length).toBe(1);
  });

  it('is stopped at the budget when it does not state the length', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200);
      response.write(CONTENT);
      response.end(CONTENT);
    });
    const budget = { remaining: 1500 };
    await expectError(() => httpReader(url, { ...QUICK, budget }), 'unavailable', /does not fit in the 1500 bytes left/);
    expect(budget.remaining).toBe(1500);
  });

  it('is asked again after a download that breaks off, and the budget is charged once', async () => {
    const { url, requests } = await serve(
      inTurn((_, response) => {
        response.writeHead(200, { 'Content-Length': 1000 });
        response.write(CONTENT.subarray(0, 300), () => response.destroy());
      }, whole(CONTENT)),
    );
    const budget = { remaining: 1000 };
    const reader = await httpReader(url, { ...QUICK, budget });
    expect(await reader.read(0, 1000)).toEqual(CONTENT);
    expect(budget.remaining).toBe(0);
    expect(requests.length).toBe(2);
  });
});

describe('what may pass is tried again', () => {
  const broken: Handler = (_, response) => response.destroy();
  const short: Handler = (_, response) =>
    response.writeHead(206, { 'Content-Range': 'bytes 0-9/1000', 'Content-Length': 10 }).end(CONTENT.subarray(0, 10));

  it.each<[name: string, handler: Handler]>([
    ['500', status(500)],
    ['503', status(503)],
    ['429', status(429)],
    ['408', status(408)],
    ['a broken connection', broken],
  ])('%s when opening', async (_, handler) => {
    const { url, requests } = await serve(inTurn(handler, handler, ranged(CONTENT)));
    expect((await httpReader(url, QUICK)).size).toBe(1000);
    expect(requests.length).toBe(3);
  });

  it.each<[name: string, handler: Handler]>([
    ['500', status(500)],
    ['a broken connection', broken],
    ['the whole file, as some proxies send now and then', whole(CONTENT)],
    ['fewer bytes than were asked for', short],
  ])('%s when reading', async (_, handler) => {
    const { url, requests } = await serve(inTurn(ranged(CONTENT), handler, ranged(CONTENT)));
    const reader = await httpReader(url, QUICK);
    expect(await reader.read(0, 20)).toEqual(CONTENT.slice(0, 20));
    expect(requests.length).toBe(3);
  });

  it('as often as is allowed, saying what came last', async () => {
    const { url, requests } = await serve(status(502));
    await expectError(
      () => httpReader(url, { ...QUICK, attempts: 3 }),
      'io',
      /s\.tar: 3 tries failed; the last: the server answered 502$/,
    );
    expect(requests.length).toBe(3);
  });

  it('says why when there is no server', async () => {
    const { url, stop } = await serve(status(200));
    await stop();
    await expectError(() => httpReader(url, { ...QUICK, attempts: 2 }), 'io', /2 tries failed; the last: .*ECONNREFUSED/);
  });
});

describe('silence', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const AT_ONCE = { delay: 0 };
  /** Lets the connection work, and waits of no length end, until something has happened. */
  async function until(hasHappened: () => boolean): Promise<void> {
    while (!hasHappened()) {
      vi.advanceTimersByTime(0);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const mute: Handler = () => {};

  it('of a minute before an answer makes a try fail', async () => {
    const { url, requests } = await serve(inTurn(mute, ranged(CONTENT)));
    const opening = httpReader(url, AT_ONCE);
    await until(() => requests.length === 1);
    vi.advanceTimersByTime(60_000);
    await until(() => requests.length === 2);
    expect((await opening).size).toBe(1000);
  });

  it('is named when no try is left', async () => {
    const { url, requests } = await serve(mute);
    const opening = expectError(() => httpReader(url, { attempts: 1 }), 'io', /1 tries failed; the last: nothing came for 60 s$/);
    await until(() => requests.length === 1);
    vi.advanceTimersByTime(60_000);
    await opening;
  });

  it('of a minute in the middle of an answer makes a try fail', async () => {
    const stalled: Handler = (_, response) => {
      response.writeHead(200, { 'Content-Length': 1000 });
      response.write(CONTENT.subarray(0, 300));
    };
    const { url, requests } = await serve(inTurn(stalled, whole(CONTENT)));
    const budget = { remaining: 1000 };
    const opening = httpReader(url, { ...AT_ONCE, budget });
    await until(() => budget.remaining === 700);
    vi.advanceTimersByTime(60_000);
    await until(() => requests.length === 2);
    expect(await (await opening).read(0, 1000)).toEqual(CONTENT);
  });

  it('of half a minute again and again is no more than slowness', async () => {
    let answer: ServerResponse | undefined;
    const { url, requests } = await serve((_, response) => {
      answer = response.writeHead(200);
      response.flushHeaders();
    });
    const budget = { remaining: 1000 };
    const opening = httpReader(url, { ...AT_ONCE, budget });
    await until(() => answer !== undefined);
    for (let at = 0; at < 1000; at += 250) {
      vi.advanceTimersByTime(30_000);
      answer?.write(CONTENT.subarray(at, at + 250));
      await until(() => budget.remaining === 750 - at);
    }
    answer?.end();
    expect(await (await opening).read(0, 1000)).toEqual(CONTENT);
    expect(requests.length).toBe(1);
  });
});

describe('what will not pass is said at once', () => {
  it.each([
    [404, 'missing-data', /s\.tar: the server has no such file \(404\)/],
    [410, 'missing-data', /\(410\)/],
    [401, 'io', /s\.tar: the server answered 401/],
    [403, 'io', /s\.tar: the server answered 403/],
  ] as const)('%s', async (code, error, message) => {
    const { url, requests } = await serve(status(code));
    await expectError(() => httpReader(url, QUICK), error, message);
    expect(requests.length).toBe(1);
  });

  it.each<[change: string, content: Uint8Array, message: RegExp]>([
    ['grows', new Uint8Array(1001), /1000 bytes at first, now 1001/],
    ['shrinks', new Uint8Array(999), /1000 bytes at first, now 999/],
    ['shrinks below what is read', new Uint8Array(500), /1000 bytes at first, now fewer/],
  ])('a file that %s', async (_, content, message) => {
    const { url } = await serve(inTurn(ranged(CONTENT), ranged(content)));
    const reader = await httpReader(url, QUICK);
    await expectError(() => reader.read(500, 100), 'corrupt-data', message);
  });

  it.each([
    ['other bytes than were asked for', 'bytes 0-99/1000'],
    ['no size', 'bytes 500-599/*'],
  ])('%s', async (_, range) => {
    const odd: Handler = (_request, response) =>
      response.writeHead(206, { 'Content-Range': range }).end(CONTENT.subarray(0, 100));
    const { url } = await serve(inTurn(ranged(CONTENT), odd));
    const reader = await httpReader(url, QUICK);
    await expectError(() => reader.read(500, 100), 'io', /bytes from 500 on .* the server states "bytes /);
  });
});
