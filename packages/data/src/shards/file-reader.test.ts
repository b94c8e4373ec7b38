import { type FileHandle, mkdtemp, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { expectError } from '../../test/expect-error.ts';
import { filePool } from './file-reader.ts';

/** Files that are open: from the call that opens one to the end of the call that closes it. */
const handles = vi.hoisted(() => ({ now: 0, most: 0 }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const open = async (path: string, flags: string): Promise<FileHandle> => {
    handles.now++;
    handles.most = Math.max(handles.most, handles.now);
    try {
      const handle = await real.open(path, flags);
      const close = handle.close.bind(handle);
      handle.close = async () => {
        await close();
        handles.now--;
      };
      return handle;
    } catch (error) {
      handles.now--;
      throw error;
    }
  };
  return { ...real, open };
});

let folder: string;
beforeEach(async () => {
  handles.most = handles.now;
  folder = await mkdtemp(join(tmpdir(), 'vitrail-data-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}
const bytesOf = (seed: number, length: number) => Uint8Array.from({ length }, (_, i) => i * 31 + seed);

it('reads ranges of a file', async () => {
  const content = bytesOf(1, 3000);
  const reader = await filePool().reader(await file('a', content));
  expect(reader.size).toBe(3000);
  expect(await reader.read(1000, 2000)).toEqual(content.subarray(1000));
  expect(await reader.read(3000, 0)).toEqual(new Uint8Array(0));
  await reader.close?.();
});

it('is of another version once the file was changed, and of the same otherwise', async () => {
  const path = await file('a', bytesOf(1, 30));
  const version = async () => {
    const reader = await filePool().reader(path);
    await reader.close?.();
    return reader.version;
  };
  const before = await version();
  expect(before).toBeDefined();
  expect(await version()).toBe(before);
  await utimes(path, new Date(), new Date(1e12));
  expect(await version()).not.toBe(before);
});

it('reads many files at once through a few handles, each range from its own file', async () => {
  const pool = filePool(3);
  const contents = Array.from({ length: 20 }, (_, i) => bytesOf(i, 100));
  const readers = await Promise.all(contents.map(async (content, i) => pool.reader(await file(`${i}`, content))));
  for (let round = 0; round < 5; round++) {
    const reads = readers.flatMap((reader, i) =>
      [0, 50].map(async (offset) => {
        expect(await reader.read(offset, 50)).toEqual(contents[i].subarray(offset, offset + 50));
      }),
    );
    await Promise.all(reads);
  }
  expect(handles.most).toBe(3);
  await Promise.all(readers.map((reader) => reader.close?.()));
  expect(handles.now).toBe(0);
});

it('waits for a place when every handle is in use', async () => {
  const pool = filePool(1);
  const [a, b] = await Promise.all([pool.reader(await file('a', bytesOf(0, 9))), pool.reader(await file('b', bytesOf(5, 9)))]);
  const both = await Promise.all([a.read(0, 9), b.read(0, 9), a.read(0, 9), b.read(0, 9)]);
  expect(both.map((bytes) => bytes[0])).toEqual([0, 5, 0, 5]);
  await Promise.all([a.close?.(), b.close?.()]);
});

it('says `missing-data` for no file, and `io` for what cannot be read', async () => {
  const pool = filePool(1);
  await expectError(() => pool.reader(join(folder, 'none')), 'missing-data', /none: ENOENT/);
  const directory = await pool.reader(folder);
  await expectError(() => directory.read(0, 1), 'io', /EISDIR/);
  // Neither keeps the only place of the pool.
  const reader = await pool.reader(await file('a', bytesOf(0, 2)));
  expect((await reader.read(0, 2)).length).toBe(2);
  await Promise.all([reader.close?.(), directory.close?.()]);
});

it('finds a file that came after it was first looked for', async () => {
  const pool = filePool();
  await expectError(() => pool.reader(join(folder, 'late')), 'missing-data', /ENOENT/);
  const reader = await pool.reader(await file('late', bytesOf(3, 2)));
  expect((await reader.read(0, 2))[0]).toBe(3);
  await reader.close?.();
});

it('notices a file that has grown shorter since it was opened', async () => {
  const path = await file('a', bytesOf(0, 100));
  const reader = await filePool().reader(path);
  await truncate(path, 40);
  expect((await reader.read(0, 40)).length).toBe(40);
  await expectError(() => reader.read(20, 40), 'corrupt-data', /a: it has grown shorter than 60 bytes/);
  await reader.close?.();
});

it('refuses to read after closing, which would open the file again for good', async () => {
  const reader = await filePool().reader(await file('a', bytesOf(0, 2)));
  await reader.close?.();
  await reader.close?.();
  await expectError(() => reader.read(0, 1), 'io', /a: this file was closed/);
});
