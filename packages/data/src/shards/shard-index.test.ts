import { expect, it } from 'vitest';
import { indexShard } from './shard-index.ts';

/** An index of members of one byte each, one block apart. */
const index = (...names: string[]) => indexShard(names.map((name, i) => ({ name, offset: i * 512, size: 1 })));
/** Key, and extension and offset of each member, of every sample. */
const samples = (...names: string[]) => {
  const found = index(...names);
  return Array.from({ length: found.size }, (_, i) => [
    found.key(i),
    ...found.members(i).map(({ extension, offset }) => `${extension}@${offset / 512}`),
  ]);
};

it('groups members by the part of the name before its first dot', () => {
  expect(samples('a.jpg', 'a.txt', 'a.json', 'b.png', 'b.cls')).toEqual([
    ['a', 'jpg@0', 'txt@1', 'json@2'],
    ['b', 'png@3', 'cls@4'],
  ]);
});

it('takes dots in folders as part of the key, and the folder as well', () => {
  expect(samples('v1.0/a.jpg', 'v1.0/a.txt', 'v2.0/a.jpg', './v1.0/b.jpg', '/abs/c.jpg', 'line\nbreak/d.jpg')).toEqual([
    ['v1.0/a', 'jpg@0', 'txt@1'],
    ['v2.0/a', 'jpg@2'],
    ['v1.0/b', 'jpg@3'],
    ['/abs/c', 'jpg@4'],
    ['line\nbreak/d', 'jpg@5'],
  ]);
});

it('brings scattered members of one key together, in the order of their offsets', () => {
  expect(samples('a.txt', 'b.txt', 'b.jpg', 'c.jpg', 'a.jpg')).toEqual([
    ['a', 'txt@0', 'jpg@4'],
    ['b', 'txt@1', 'jpg@2'],
    ['c', 'jpg@3'],
  ]);
});

it('begins another sample where a key has the same extension again', () => {
  expect(samples('a.jpg', 'a.txt', 'a.jpg', 'a.txt')).toEqual([
    ['a', 'jpg@0', 'txt@1'],
    ['a', 'jpg@2', 'txt@3'],
  ]);
});

it('keeps both pictures of a key in one sample', () => {
  expect(samples('a.jpg', 'a.png', 'a.txt')).toEqual([['a', 'jpg@0', 'png@1', 'txt@2']]);
});

it('reads extensions in any case', () => {
  expect(samples('a.JPG', 'a.Txt', 'b.JPEG', 'c.webp')).toEqual([
    ['a', 'jpg@0', 'txt@1'],
    ['b', 'jpeg@2'],
    ['c', 'webp@3'],
  ]);
});

it('passes over hidden files and what is no picture, text or label', () => {
  expect(samples('._a.jpg', 'folder/.b.jpg', 'c.seg.png', 'd.mp3', 'noextension', 'e.', 'f.jpg')).toEqual([['f', 'jpg@6']]);
});

it('lists keys without a picture, which are no samples', () => {
  const found = index('a.txt', 'b.jpg', 'c.json', 'c.cls');
  expect(found.size).toBe(1);
  expect(found.withoutImage).toEqual(['a', 'c']);
});

it('gives back keys of any letters and sizes and offsets beyond 32 bits', () => {
  const found = indexShard([
    { name: 'é/日本語.jpg', offset: 2 ** 40, size: 2 ** 33 },
    { name: 'b.jpg', offset: 0, size: 0 },
  ]);
  expect([found.key(0), found.key(1)]).toEqual(['é/日本語', 'b']);
  expect(found.members(0)).toEqual([{ extension: 'jpg', offset: 2 ** 40, size: 2 ** 33 }]);
});

it('is empty for an empty shard', () => {
  expect(index().size).toBe(0);
});
