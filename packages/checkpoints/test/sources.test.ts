import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ByteSource, blobSource, bytesSource, httpSource, openTensorFile } from '../src/index.ts';
import { openFileSource } from '../src/node.ts';
import { serveFiles } from './serve-files.ts';

const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));
const content = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

let folder: string;
let server: Awaited<ReturnType<typeof serveFiles>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vitrail-sources-'));
  await writeFile(join(folder, 'a.bin'), content);
  server = await serveFiles({
    'a.bin': content,
    'none.bin': new Uint8Array(0),
    'torch.pt': await readFile(join(fixtures, 'torch-2.pt')),
  });
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

describe.each<[string, () => Promise<ByteSource>]>([
  ['bytesSource', async () => bytesSource(content, 'a.bin')],
  ['blobSource', async () => blobSource(new File([content], 'a.bin'))],
  ['httpSource', () => httpSource(`${server.url}/ranges/a.bin?signature=secret`)],
  ['httpSource without Content-Range', () => httpSource(`${server.url}/unsized/a.bin`)],
  ['openFileSource', () => openFileSource(join(folder, 'a.bin'))],
])('%s', (_, open) => {
  test('gives ranges, as copies, and refuses those that are not within the file', async () => {
    const source = await open();
    expect(source.size).toBe(1000);
    expect(source.name).toMatch(/a\.bin$/);
    for (const [begin, end] of [
      [0, 1000],
      [0, 0],
      [1000, 1000],
      [7, 8],
      [998, 1000],
    ]) {
      expect(await source.read(begin, end)).toEqual(content.slice(begin, end));
    }
    (await source.read(0, 10)).fill(0);
    expect(content[1]).toBe(1);
    for (const [begin, end] of [
      [-1, 3],
      [5, 4],
      [0, 1001],
      [0.5, 2],
      [Number.NaN, 4],
    ]) {
      await expect(source.read(begin, end)).rejects.toMatchObject({ code: 'invalid-argument' });
    }
    if ('close' in source) await (source.close as () => Promise<void>)();
  });
});

describe('openFileSource', () => {
  test('tells what is not there, what is no file, what was cut, and what was closed', async () => {
    await expect(openFileSource(join(folder, 'b.bin'))).rejects.toMatchObject({ code: 'missing-data' });
    await expect(openFileSource(folder)).rejects.toMatchObject({ code: 'io' });
    await writeFile(join(folder, 'cut.bin'), content);
    const source = await openFileSource(join(folder, 'cut.bin'));
    await truncate(join(folder, 'cut.bin'), 500);
    await expect(source.read(400, 600)).rejects.toMatchObject({
      code: 'corrupt-data',
      message: expect.stringContaining('but 100 came'),
    });
    await source.close();
    await expect(source.read(0, 1)).rejects.toMatchObject({ code: 'io' });
  });
});

describe('httpSource', () => {
  // A server that sends something else would give wrong weights, or a download of gigabytes.
  test.each([
    ['ignores/a.bin', 'io', 'the server ignores range requests'],
    ['ranges/b.bin', 'missing-data', 'the server answers 404'],
    ['fails/a.bin', 'io', 'the server answers 503'],
    ['silent/a.bin', 'io', 'does not tell the size'],
  ])('does not open /%s', async (path, code, message) => {
    await expect(httpSource(`${server.url}/${path}`)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  test.each([
    ['short/a.bin', 'corrupt-data', 'but 99 came'],
    ['long/a.bin', 'corrupt-data', 'but 101 came'],
    ['shifted/a.bin', 'corrupt-data', 'but [101, 201) of 1000 came'],
    ['resized/a.bin', 'corrupt-data', 'of 1001 came'],
    ['endless/a.bin', 'corrupt-data', 'bytes [100, 200) are 100'],
    ['cut/a.bin', 'io', 'could not be read'],
  ])('refuses what /%s sends', async (path, code, message) => {
    const source = await httpSource(`${server.url}/${path}`);
    await expect(source.read(100, 200)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  test('an empty file has no bytes', async () => {
    const source = await httpSource(`${server.url}/ranges/none.bin`);
    expect([source.size, await source.read(0, 0)]).toEqual([0, new Uint8Array(0)]);
    await expect(openTensorFile(source)).rejects.toMatchObject({ code: 'corrupt-data' });
  });

  test('a server that is not there is an io error', async () => {
    await expect(httpSource('http://127.0.0.1:1/a')).rejects.toMatchObject({ code: 'io' });
  });

  test('is given up when its signal is aborted, with the reason of that', async () => {
    const controller = new AbortController();
    const source = await httpSource(`${server.url}/hangs/a.bin`, { signal: controller.signal });
    const reading = source.read(0, 100);
    setTimeout(() => controller.abort(new Error('enough')), 20);
    await expect(reading).rejects.toThrow('enough');
  });

  test('reads of a file only what a tensor takes, with the headers it was given', async () => {
    server.requests.length = 0;
    const source = await httpSource(`${server.url}/ranges/torch.pt`, { headers: { Authorization: 'Bearer a' } });
    const file = await openTensorFile(source);
    server.requests.length = 0;
    const { values } = await file.read('row');
    expect(values.length).toBe(6);
    expect(server.requests.length).toBeLessThanOrEqual(2);
    expect(server.requests.every((request) => request.endsWith('Bearer a'))).toBe(true);
  });
});
