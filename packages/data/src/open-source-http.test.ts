import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectError } from '../test/expect-error.ts';
import { CLASSES, labelledShard } from '../test/labelled-shard.ts';
import { memoryStore } from '../test/memory-store.ts';
import { openSource } from './open-source.ts';

describe('a source over http', () => {
  let server: Server;
  let origin = '';
  let files: Record<string, Uint8Array> = {};
  let missing = 404;
  let tag = 1;
  const served: number[] = [];

  beforeAll(async () => {
    const train0 = await labelledShard(['ship', 'cat', 'cat', 'airplane']);
    files = {
      '/named/a-0.tar': train0,
      '/named/a-1.tar': await labelledShard(['airplane']),
      '/named/classes.json': new TextEncoder().encode(JSON.stringify(CLASSES)),
      '/bare/a-0.tar': train0,
    };
    server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://host');
      const file = searchParams.get('key') === 'wrong' ? undefined : files[pathname];
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
      if (file === undefined) response.writeHead(missing).end();
      else if (range === null) response.writeHead(200, { 'content-length': file.length }).end(file);
      else {
        const part = file.subarray(Number(range[1]), Number(range[2]) + 1);
        served.push(part.length);
        response.writeHead(206, { 'content-range': `bytes ${range[1]}-${range[2]}/${file.length}`, etag: `"${tag}"` }).end(part);
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('expands braces, and finds classes.json beside the shards, with the query', async () => {
    const source = await openSource(`${origin}/named/a-{0..1}.tar?key=right`);
    expect(source).toMatchObject({ size: 5, classNames: CLASSES });
    expect((await source.read(4)).classIndex).toBe(0);
    await source.close();
  });

  it.each([404, 403])('does without classes.json where the server answers %i', async (status) => {
    missing = status;
    const source = await openSource(`mosaic:${origin}/bare/a-0.tar?grid=1`);
    expect(source).toMatchObject({ size: 4, classNames: CLASSES });
    expect((await source.read(0)).image.width).toBe(8);
    await source.close();
  });

  it.each(['', 'mosaic:'])('asks for no more than a byte of each shard where their index is kept (%s)', async (prefix) => {
    missing = 404;
    const index = memoryStore();
    const bytesToOpen = async () => {
      served.splice(0);
      const source = await openSource(`${prefix}${origin}/bare/a-0.tar`, { index });
      expect(source.size).toBe(4);
      await source.close();
      return served;
    };
    expect((await bytesToOpen()).length).toBeGreaterThan(1);
    expect(await bytesToOpen()).toEqual([1]);
    tag++;
    expect((await bytesToOpen()).length).toBeGreaterThan(1);
    expect(await bytesToOpen()).toEqual([1]);
  });

  it('says which file cannot be had', async () => {
    missing = 404;
    await expectError(() => openSource(`${origin}/named/a-{0..2}.tar`), 'missing-data', /a-2\.tar: the server has no such file/);
    missing = 500;
    await expectError(() => openSource(`${origin}/nowhere/a-0.tar`), 'io', /nowhere\/classes\.json: the server answered 500/);
  });
});
