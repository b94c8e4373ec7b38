import { describe, expect, it } from 'vitest';
import { countingReader } from '../../test/counting-reader.ts';
import { expectError } from '../../test/expect-error.ts';
import { makeTar } from '../../test/make-tar.ts';
import { memoryStore } from '../../test/memory-store.ts';
import { openShards, type ShardOptions } from './shard-source.ts';

const decode = async (bytes: Uint8Array) => ({ width: 1, height: 1, data: new Uint8Array(3).fill(bytes[0]) });
const archive = (...keys: string[]) =>
  makeTar(Object.assign({}, ...keys.map((key) => ({ [`${key}.jpg`]: key, [`${key}.cls`]: `class of ${key}` }))));

/** A set of shards: name, content and version. */
type Files = Readonly<Record<string, readonly [content: Uint8Array, version?: string]>>;

const FILES: Files = { 'a.tar': [archive('a', 'b'), 'monday'], 'c.tar': [archive('c'), 'monday'] };

/** Opens shards, and tells what was read of each to open them, and what they turned out to be. */
async function open(files: Files, index: ShardOptions['index'], options: Partial<ShardOptions> = {}) {
  const shards = Object.entries(files).map(([name, [content, version]]) => ({
    name,
    reader: countingReader(content, { version }),
  }));
  const source = await openShards({ shards, decode, index, ...options });
  const read = Object.fromEntries(shards.map(({ name, reader }) => [name, reader.bytesRead()]));
  const keys = await Promise.all(Array.from({ length: source.size }, async (_, i) => (await source.read(i)).key));
  await source.close();
  const { warnings, classNames } = source;
  return { read, keys, warnings, classNames };
}

it('the second opening reads no byte of any shard, saves nothing, and gives the same samples', async () => {
  const store = memoryStore();
  const first = await open(FILES, store);
  expect(store.saved.length).toBe(1);
  expect(Object.values(first.read).every((bytes) => bytes > 0)).toBe(true);
  const second = await open(FILES, store);
  expect(second).toEqual({ ...first, read: { 'a.tar': 0, 'c.tar': 0 } });
  expect(store.saved.length).toBe(1);
  expect((await open(FILES, undefined)).read).toEqual(first.read);
});

describe('only the shard that is another is walked again, and then kept', () => {
  it.each<[string, Files, keys: string[]]>([
    ['time or ETag', { ...FILES, 'a.tar': [archive('x', 'y'), 'tuesday'] }, ['x', 'y', 'c']],
    ['size', { ...FILES, 'a.tar': [archive('a', 'b', 'x'), 'monday'] }, ['a', 'b', 'x', 'c']],
    ['name', { 'new.tar': FILES['a.tar'], 'c.tar': FILES['c.tar'] }, ['a', 'b', 'c']],
    ['time, where none is known any more', { ...FILES, 'a.tar': [FILES['a.tar'][0]] }, ['a', 'b', 'c']],
    ['one more shard', { 'new.tar': [archive('new'), 'monday'], ...FILES }, ['new', 'a', 'b', 'c']],
  ])('%s', async (_, files, keys) => {
    const store = memoryStore();
    await open(FILES, store);
    const { read, keys: found } = await open(files, store);
    expect(found).toEqual(keys);
    expect(Object.entries(read).filter(([, bytes]) => bytes > 0).length).toBe(1);
    expect(read['c.tar']).toBe(0);
    expect(Object.values((await open(files, store)).read)).toEqual(Object.values(read).map(() => 0));
  });
});

it('the order of the shards is that of this opening, not of the one before', async () => {
  const store = memoryStore();
  await open(FILES, store);
  const { read, keys } = await open({ 'c.tar': FILES['c.tar'], 'a.tar': FILES['a.tar'] }, store);
  expect(keys).toEqual(['c', 'a', 'b']);
  expect(read).toEqual({ 'c.tar': 0, 'a.tar': 0 });
});

it('an index that is damaged is made again', async () => {
  const store = memoryStore();
  const first = await open(FILES, store);
  const good = store.saved[0];
  for (const damaged of [good.subarray(0, 100), good.with(good.length - 9, 77), new Uint8Array(0)]) {
    store.saved.push(damaged);
    expect(await open(FILES, store)).toEqual(first);
    expect(store.saved.at(-1)).toEqual(good);
  }
});

it('shards that are cut off, and keys without a picture, are warned of each time', async () => {
  const store = memoryStore();
  const cut = archive('a', 'b').subarray(0, 2048 + 512);
  const files: Files = { 'cut.tar': [cut], 'bare.tar': [makeTar({ 'c.jpg': 'c', 'd.txt': 'd' })] };
  const { warnings } = await open(files, store);
  expect(warnings).toEqual([
    '1 of 2 shards are cut off',
    expect.stringMatching(/^cut\.tar: it is cut off inside b\.jpg: .*; 1 complete sample is kept$/),
    '1 key has no picture (bare.tar: d)',
  ]);
  const second = await open(files, store);
  expect(second.read).toEqual({ 'cut.tar': 0, 'bare.tar': 0 });
  expect(second.warnings).toEqual(warnings);
});

describe('classes that are collected', () => {
  const collect = { classNames: 'collect' } as const;

  it('are kept as well: the second opening reads no labels', async () => {
    const store = memoryStore();
    const first = await open(FILES, store, collect);
    expect(first.classNames).toEqual(['class of a', 'class of b', 'class of c']);
    const second = await open(FILES, store, collect);
    expect(second).toEqual({ ...first, read: { 'a.tar': 0, 'c.tar': 0 } });
  });

  it('are kept where there are none', async () => {
    const store = memoryStore();
    const files: Files = { 'a.tar': [makeTar({ 'a.jpg': 'a', 'a.txt': 'a' })] };
    expect((await open(files, store, collect)).classNames).toBeUndefined();
    expect((await open(files, store, collect)).read).toEqual({ 'a.tar': 0 });
  });

  it('are collected again when any shard is another', async () => {
    const store = memoryStore();
    await open(FILES, store, collect);
    const { classNames } = await open({ ...FILES, 'c.tar': [archive('x'), 'tuesday'] }, store, collect);
    expect(classNames).toEqual(['class of a', 'class of b', 'class of x']);
  });

  it('are collected where the index was kept without, and are not taken where a list is given', async () => {
    const store = memoryStore();
    await open(FILES, store);
    expect((await open(FILES, store, collect)).classNames?.length).toBe(3);
    const names = ['class of c', 'class of b', 'class of a'];
    expect((await open(FILES, store, { classNames: names })).classNames).toEqual(names);
    expect((await open(FILES, store)).classNames).toBeUndefined();
    expect((await open(FILES, store, collect)).read).toEqual({ 'a.tar': 0, 'c.tar': 0 });
  });
});

it('what a store throws is passed on, and the readers are closed', async () => {
  const reader = countingReader(archive('a'));
  const index = { load: async () => undefined, save: () => Promise.reject(new RangeError('no room')) };
  await expect(openShards({ shards: [{ name: 'a.tar', reader }], decode, index })).rejects.toThrow('no room');
  expect(reader.isClosed()).toBe(true);
});

it('a shard that cannot be walked is an error each time: nothing is saved', async () => {
  const store = memoryStore();
  const files: Files = { ...FILES, 'd.tar': [new Uint8Array(2000).fill(7)] };
  await expectError(() => open(files, store), 'corrupt-data', /^d\.tar: /);
  expect(store.saved).toEqual([]);
});
