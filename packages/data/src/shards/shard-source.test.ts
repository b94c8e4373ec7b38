import { VitrailError } from '@vitrail/core';
import { afterEach, describe, expect, it } from 'vitest';
import { countingReader } from '../../test/counting-reader.ts';
import { expectError } from '../../test/expect-error.ts';
import { joined, makeTar, tarMember } from '../../test/make-tar.ts';
import { jpeg, png } from '../../test/pictures.ts';
import { decodeWithSharp } from '../images/decode-with-sharp.ts';
import type { SampleSource } from '../sample.ts';
import { openShards, type ShardOptions } from './shard-source.ts';

/** A decoder whose picture has one pixel, the first byte of the file. */
const firstByte = async (bytes: Uint8Array) => ({ width: 1, height: 1, data: new Uint8Array(3).fill(bytes[0]) });

const opened: SampleSource[] = [];
async function open(archive: Uint8Array, options: Partial<ShardOptions> = {}) {
  const reader = countingReader(archive);
  const source = await openShards({ shards: [{ name: 's.tar', reader }], decode: firstByte, ...options });
  opened.push(source);
  reader.forget();
  return { source, reader };
}
afterEach(() => Promise.all(opened.splice(0).map((source) => source.close())));

describe('samples', () => {
  it('of the img2dataset layout, with real pictures', async () => {
    const picture = { width: 2, height: 1, data: Uint8Array.of(255, 0, 0, 0, 0, 255) };
    const json = JSON.stringify({
      caption: 'red and blue',
      url: 'https://example.com/1.png',
      status: 'success',
      key: '000000001',
    });
    const archive = makeTar({
      '000000000.jpg': await jpeg({ width: 8, height: 8, data: new Uint8Array(192).fill(100) }),
      '000000000.json': JSON.stringify({
        caption: 'gray',
        url: 'https://example.com/0.jpg',
        status: 'success',
        key: '000000000',
      }),
      '000000000.txt': 'gray',
      '000000001.png': await png(picture),
      '000000001.json': json,
      '000000001.txt': 'red and blue',
    });
    const { source } = await open(archive, { decode: decodeWithSharp });
    expect(source.size).toBe(2);
    expect(source.warnings).toEqual([]);
    expect(source.description).toBe('2 samples in 1 shard (s.tar)');
    expect(source.key?.(1)).toBe('000000001');
    expect(await source.read(1)).toEqual({ key: '000000001', image: picture, captions: { alt: 'red and blue' } });
    expect(await source.read(0)).toMatchObject({ image: { width: 8, height: 8 }, captions: { alt: 'gray' } });
  });

  it('with classes by name: collected from the labels of all, or from a list', async () => {
    const archive = makeTar({
      'a.png': 'A',
      'a.json': JSON.stringify({ class: 'ship', index: 8 }),
      'b.png': 'B',
      'b.json': JSON.stringify({ class: 'bird', index: 2 }),
      'c.png': 'C',
      'c.cls': 'ship',
    });
    const { source } = await open(archive, { classNames: 'collect' });
    expect(source.classNames).toEqual(['bird', 'ship']);
    expect(await Promise.all([0, 1, 2].map(async (i) => (await source.read(i)).classIndex))).toEqual([1, 0, 1]);

    const listed = (await open(archive, { classNames: ['ship'] })).source;
    expect(listed.classNames).toEqual(['ship']);
    expect((await listed.read(0)).classIndex).toBe(0);
    await expectError(() => listed.read(1), 'corrupt-data', /^s\.tar: b: its class "bird" is not one of the 1 class names$/);

    const without = (await open(archive)).source;
    expect(without.classNames).toBeUndefined();
    expect(await without.read(0)).not.toHaveProperty('classIndex');
  });

  it('has no class names to collect where there are no labels', async () => {
    const { source } = await open(makeTar({ 'a.png': 'A', 'a.txt': 'x' }), { classNames: 'collect' });
    expect(source.classNames).toBeUndefined();
  });

  it('takes the captions from the fields that the user names', async () => {
    const archive = makeTar({ 'a.png': 'A', 'a.json': '{"caption": "x", "ours": "y"}' });
    const { source } = await open(archive, { captionFields: ['ours'] });
    expect((await source.read(0)).captions).toEqual({ ours: 'y' });
  });

  it('takes the first of two pictures, and takes a text that lies before its picture', async () => {
    const { source } = await open(makeTar({ 'a.txt': 'x', 'a.png': 'P', 'a.jpg': 'J' }));
    expect(await source.read(0)).toMatchObject({ image: { data: Uint8Array.of(80, 80, 80) }, captions: { alt: 'x' } });
  });
});

describe('what is read', () => {
  it('of a sample whose members are neighbours: one range, from the first to the last byte', async () => {
    const { source, reader } = await open(
      makeTar({ 'a.jpg': 'x'.repeat(5000), 'a.txt': 'y', 'b.jpg': 'z'.repeat(9000), 'b.txt': 'w' }),
    );
    await source.read(0);
    expect(reader.reads).toEqual([[512, 5120 + 512 + 1]]);
  });

  it('of a sample whose members are far apart: each on its own, and nothing between', async () => {
    const between = { 'b.jpg': 'z'.repeat(100_000) };
    const { source, reader } = await open(makeTar({ 'a.jpg': 'x'.repeat(700), ...between, 'a.txt': 'far' }));
    expect((await source.read(0)).captions).toEqual({ alt: 'far' });
    expect(reader.reads.length).toBe(2);
    expect(reader.bytesRead()).toBe(703);
  });

  it('to collect classes: no pictures', async () => {
    const picture = 'x'.repeat(300_000);
    const archive = makeTar({ 'a.jpg': picture, 'a.cls': '0', 'b.jpg': picture, 'b.cls': '1' });
    const reader = countingReader(archive, { readAhead: 512 });
    const shards = [{ name: 's.tar', reader }];
    const source = await openShards({ shards, decode: firstByte, classNames: 'collect' });
    expect(source.classNames).toEqual(['class 0', 'class 1']);
    expect(reader.bytesRead()).toBeLessThan(10_000);
    await source.close();
  });

  it('does not include a member of hundreds of megabytes, which is damage', async () => {
    const head = tarMember('a.jpg', '', { size: 2 ** 30 });
    const reader = countingReader(head, { size: 2 ** 30 + 2048 });
    const source = await openShards({ shards: [{ name: 's.tar', reader }], decode: firstByte });
    reader.forget();
    await expectError(() => source.read(0), 'corrupt-data', /^s\.tar: a: its \.jpg has 1073741824 bytes, too many/);
    expect(reader.reads).toEqual([]);
  });
});

describe('errors', () => {
  it('name shard, key and member', async () => {
    const archive = makeTar({
      'a.jpg': 'not a picture',
      'b.jpg': '',
      'c.png': await png({ width: 1, height: 1, data: new Uint8Array(3) }),
      'c.json': '{',
    });
    const { source } = await open(archive, { decode: decodeWithSharp });
    await expectError(() => source.read(0), 'corrupt-data', /^s\.tar: a\.jpg: not a picture that can be decoded: /);
    await expectError(() => source.read(1), 'corrupt-data', /^s\.tar: b\.jpg: the file is empty$/);
    await expectError(() => source.read(2), 'corrupt-data', /^s\.tar: c\.json: not JSON: /);
  });

  it('of a decoder are damage, of whatever kind they are, but not when it says that it is not there', async () => {
    const archive = makeTar({ 'a.jpg': 'x' });
    const failing = (error: unknown) => open(archive, { decode: () => Promise.reject(error) });
    const throwing = (error: unknown) =>
      open(archive, {
        decode: () => {
          throw error;
        },
      });
    for (const decoder of [failing, throwing]) {
      const odd = await decoder(new DOMException('bad picture', 'InvalidStateError'));
      await expectError(() => odd.source.read(0), 'corrupt-data', /^s\.tar: a\.jpg: bad picture$/);
      const absent = await decoder(new VitrailError('unavailable', 'no decoder'));
      await expectError(() => absent.source.read(0), 'unavailable', /^no decoder$/);
    }
  });

  it('of reading pass as they are, unless the file is damaged', async () => {
    const archive = makeTar({ 'a.jpg': 'x' });
    let error: Error | undefined;
    const good = countingReader(archive);
    const reader = {
      size: good.size,
      read: (offset: number, length: number) => (error === undefined ? good.read(offset, length) : Promise.reject(error)),
    };
    const source = await openShards({ shards: [{ name: 's.tar', reader }], decode: firstByte });
    error = new VitrailError('corrupt-data', 'it has grown shorter');
    await expectError(() => source.read(0), 'corrupt-data', /^s\.tar: a: it has grown shorter$/);
    error = new VitrailError('io', 'unplugged');
    await expectError(() => source.read(0), 'io', /^unplugged$/);
    error = new TypeError('a mistake in a reader of the user');
    await expect(source.read(0)).rejects.toBe(error);
  });

  it('of opening close the readers', async () => {
    const readers = [countingReader(makeTar({ 'a.jpg': '' })), countingReader(new Uint8Array(2000).fill(7))];
    const shards = readers.map((reader, s) => ({ name: `${s}.tar`, reader }));
    await expectError(() => openShards({ shards, decode: firstByte }), 'corrupt-data', /^1\.tar: /);
    expect(readers.map((reader) => reader.isClosed())).toEqual([true, true]);
  });

  it('of shards that are cut off are warnings, and their complete samples are kept', async () => {
    const archive = makeTar({ 'a.jpg': 'A', 'a.txt': 'a', 'b.jpg': 'B'.repeat(2000), 'b.txt': 'b' });
    const { source } = await open(archive.subarray(0, 3000));
    expect(source.size).toBe(1);
    expect(source.warnings).toEqual([
      expect.stringMatching(/^s\.tar: it is cut off inside b\.jpg: .*; 1 complete sample is kept$/),
    ]);
  });

  it('closes the readers', async () => {
    const { source, reader } = await open(joined(makeTar({ 'a.jpg': 'A' })));
    expect(reader.isClosed()).toBe(false);
    await source.close();
    expect(reader.isClosed()).toBe(true);
  });
});
