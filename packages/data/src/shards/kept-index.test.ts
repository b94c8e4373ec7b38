import { expect, it } from 'vitest';
import type { IndexedShard } from './index-shards.ts';
import { decodeKeptIndex, encodeKeptIndex, type KeptIndex } from './kept-index.ts';
import { indexShard } from './shard-index.ts';
import type { TarMember } from './tar.ts';

const shard = (name: string, members: readonly TarMember[], rest: Partial<IndexedShard> = {}): IndexedShard => ({
  name,
  size: 4096,
  index: indexShard(members),
  ...rest,
});

/** Lengths that need padding, an empty shard, names and places that need more than ASCII and 32 bits, and all that is optional. */
const INDEX: KeptIndex = {
  shards: [
    shard(
      'a.tar',
      [
        { name: 'é/日本語.jpg', offset: 2 ** 40, size: 2 ** 33 },
        { name: 'é/日本語.json', offset: 512, size: 0 },
        { name: 'b.jpg', offset: 1024, size: 7 },
        { name: 'bare.txt', offset: 2048, size: 7 },
      ],
      { version: '"tag"', cut: 'it is cut off' },
    ),
    shard('empty.tar', []),
    shard('https://host/c.tar?key=1', [{ name: 'c.png', offset: 512, size: 3 }]),
  ],
  collected: { classNames: ['cat', 'chat à poil'] },
};

/** Everything that an index says, as plain values. */
const told = (kept: KeptIndex | undefined) =>
  kept && {
    ...kept,
    shards: kept.shards.map(({ index, ...rest }) => ({
      ...rest,
      withoutImage: index.withoutImage,
      samples: Array.from({ length: index.size }, (_, i) => [index.key(i), index.members(i)]),
    })),
  };

it('gives back what it was made of', () => {
  expect(told(decodeKeptIndex(encodeKeptIndex(INDEX)))).toEqual(told(INDEX));
  for (const collected of [undefined, {}]) {
    expect(decodeKeptIndex(encodeKeptIndex({ ...INDEX, collected }))?.collected).toEqual(collected);
  }
});

it('is encoded again to the same bytes', () => {
  const bytes = encodeKeptIndex(INDEX);
  const again = decodeKeptIndex(bytes);
  expect(again && encodeKeptIndex(again)).toEqual(bytes);
});

it('reads bytes that lie anywhere in memory, as those of a pooled Buffer do', () => {
  const bytes = encodeKeptIndex(INDEX);
  const pool = new Uint8Array(bytes.length + 11);
  pool.set(bytes, 3);
  expect(told(decodeKeptIndex(pool.subarray(3, 3 + bytes.length)))).toEqual(told(INDEX));
});

it('is nothing when any byte is damaged, or some are missing or too many', () => {
  const bytes = encodeKeptIndex(INDEX);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = bytes.slice();
    damaged[at] ^= 0x80;
    expect(decodeKeptIndex(damaged), `byte ${at}`).toBeUndefined();
    expect(decodeKeptIndex(bytes.subarray(0, at)), `${at} bytes`).toBeUndefined();
  }
  const words = bytes.slice();
  for (const at of [bytes.length - 1, bytes.length - 5]) words[at] ^= 0x80;
  expect(decodeKeptIndex(words), 'the highest bit of two words').toBeUndefined();
  for (const more of [1, 8, 16]) {
    const longer = new Uint8Array(bytes.length + more);
    longer.set(bytes);
    expect(decodeKeptIndex(longer), `${more} more`).toBeUndefined();
  }
});

it('is nothing where bytes were never an index', () => {
  expect(decodeKeptIndex(new Uint8Array(0))).toBeUndefined();
  expect(decodeKeptIndex(new Uint8Array(64))).toBeUndefined();
  expect(decodeKeptIndex(new TextEncoder().encode('{"shards":[],"collected":{}}    '))).toBeUndefined();
});

it('takes less than a hundred bytes per sample of three members', () => {
  const samples = 10_000;
  const members = Array.from({ length: samples }, (_, i) => String(i).padStart(9, '0')).flatMap((key, i) =>
    ['jpg', 'json', 'txt'].map((extension, m) => ({ name: `${key}.${extension}`, offset: 4096 * (3 * i + m), size: 100 })),
  );
  // Three members of 8 + 8 + 1 bytes, 4 for the first of them, 4 for the key's place, and the key with a byte behind it.
  const expected = samples * (3 * 17 + 4 + 4 + 10);
  const { length } = encodeKeptIndex({ shards: [shard('s.tar', members)] });
  expect(length).toBeGreaterThan(expected);
  expect(length).toBeLessThan(expected + 500);
});
