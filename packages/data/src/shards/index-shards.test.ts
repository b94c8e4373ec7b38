import { VitrailError } from '@vitrail/core';
import { expect, it } from 'vitest';
import { countingReader } from '../../test/counting-reader.ts';
import { expectError } from '../../test/expect-error.ts';
import { makeTar } from '../../test/make-tar.ts';
import { indexShards, type Shard } from './index-shards.ts';

const shard = (name: string, bytes: Uint8Array): Shard => ({ name, reader: countingReader(bytes) });
const keysOf = async (shards: readonly Shard[]) => {
  const { size, locate } = await indexShards(shards);
  return Array.from({ length: size }, (_, i) => `${locate(i).shard.name}:${locate(i).key}`);
};

it('numbers the samples shard by shard, in the order of the shards, empty ones included', async () => {
  const empty = makeTar({ 'readme.md': 'x' });
  expect(
    await keysOf([
      shard('0', empty),
      shard('1', makeTar({ 'a.jpg': '', 'b.jpg': '' })),
      shard('2', empty),
      shard('3', makeTar({ 'c.jpg': '' })),
      shard('4', empty),
    ]),
  ).toEqual(['1:a', '1:b', '3:c']);
});

it('numbers them the same whichever shard answers first', async () => {
  const shards = Array.from({ length: 20 }, (_, s) => {
    const reader = countingReader(makeTar({ [`key${s}.jpg`]: '' }));
    const late = async (offset: number, length: number) => {
      for (let turn = 0; turn < (s * 7) % 20; turn++) await Promise.resolve();
      return reader.read(offset, length);
    };
    return { name: `${s}`, reader: { size: reader.size, read: late } };
  });
  expect(await keysOf(shards)).toEqual(Array.from({ length: 20 }, (_, s) => `${s}:key${s}`));
});

it.each([-1, 2, 0.5, Number.NaN])('refuses sample %s of 2', async (index) => {
  const { locate } = await indexShards([shard('a', makeTar({ 'a.jpg': '', 'b.jpg': '' }))]);
  await expectError(() => locate(index), 'invalid-argument', /numbered from 0 to 1/);
});

it('warns of shards that are cut, with the number of samples that are kept', async () => {
  const archive = makeTar({ 'a.jpg': 'x', 'b.jpg': 'y'.repeat(700) });
  const { warnings, size } = await indexShards([
    shard('good.tar', archive),
    shard('cut.tar', archive.subarray(0, 1024)),
    shard('worse.tar', archive.subarray(0, 1024 + 600)),
  ]);
  expect(size).toBe(4);
  expect(warnings).toEqual([
    '2 of 3 shards are cut off',
    'cut.tar: its end-of-archive marker is missing, so it was probably cut off; 1 complete sample is kept',
    expect.stringMatching(/^worse\.tar: it is cut off inside .*; 1 complete sample is kept$/),
  ]);
});

it('warns of keys without a picture, naming three', async () => {
  const files = Object.fromEntries(['e', 'd', 'c', 'b'].map((key) => [`${key}.txt`, 'x']));
  const { warnings } = await indexShards([shard('s.tar', makeTar({ ...files, 'a.jpg': '' }))]);
  expect(warnings).toEqual(['4 keys have no picture (s.tar: b, s.tar: c, s.tar: d, ...)']);
  const one = await indexShards([shard('s.tar', makeTar({ 'a.jpg': '', 'b.txt': '' }))]);
  expect(one.warnings).toEqual(['1 key has no picture (s.tar: b)']);
});

it('refuses shards without any picture, saying what was wrong with them', async () => {
  const shards = [shard('a.tar', makeTar({ 'a.txt': 'x' })), shard('b.tar', new Uint8Array(0))];
  const message =
    /no picture \(\.jpg, .*\) in a\.tar, b\.tar; .*b\.tar: it is empty \(0 bytes\); .*; 1 key has no picture \(a\.tar: a\)/;
  await expectError(() => indexShards(shards), 'missing-data', message);
});

it('does not walk the remaining shards once one cannot be read, and waits for those under way', async () => {
  let underWay = 0;
  let opened = 0;
  const good = makeTar({ 'a.jpg': '' });
  const shards = Array.from(
    { length: 100 },
    (_, s): Shard => ({
      name: `${s}.tar`,
      reader: {
        size: good.length,
        async read(offset, length) {
          opened++;
          underWay++;
          await new Promise((resolve) => setTimeout(resolve, s === 0 ? 1 : 5));
          underWay--;
          if (s === 0) throw new VitrailError('io', 'the disk is gone');
          return good.subarray(offset, offset + length);
        },
      },
    }),
  );
  await expectError(() => indexShards(shards), 'io', /the disk is gone/);
  expect(underWay).toBe(0);
  expect(opened).toBe(8);
});
