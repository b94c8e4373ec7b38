import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { countingReader } from '../../test/counting-reader.ts';
import { expectError } from '../../test/expect-error.ts';
import { END_OF_ARCHIVE, joined, longName, makeTar, paxHeader, tarMember } from '../../test/make-tar.ts';
import { readFixture, readJsonFixture } from '../../test/read-fixture.ts';
import { indexTar, type TarMember } from './tar.ts';

const index = (bytes: Uint8Array, readAhead?: number) => indexTar(countingReader(bytes, { readAhead }), 'a.tar');
const names = (members: readonly TarMember[]) => members.map(({ name }) => name);

describe('archives that Python wrote', () => {
  const { members } = readJsonFixture<{ members: Record<string, TarMember[]> }>('archives.json');

  it.each(['ustar', 'gnu', 'pax'])('%s: finds what Python finds', async (format) => {
    const bytes = readFixture(`${format}.tar`);
    expect(await index(bytes)).toEqual({ members: members[format] });
    // A window of one block makes every header a read of its own: what was read ahead must not matter.
    expect(await index(bytes, 512)).toEqual({ members: members[format] });
  });
});

describe('names and sizes', () => {
  it('takes the long name, or the pax path and size, for the next member only', async () => {
    const { members } = await index(
      joined(
        longName('long.jpg'),
        tarMember('short', 'ab'),
        tarMember('plain.jpg', 'c'),
        paxHeader({ path: 'pax.jpg', size: '700' }),
        tarMember('short', 'x'.repeat(700), { size: 0 }),
        tarMember('last.jpg', 'd'),
        END_OF_ARCHIVE,
      ),
    );
    expect(members.map(({ name, size }) => [name, size])).toEqual([
      ['long.jpg', 2],
      ['plain.jpg', 1],
      ['pax.jpg', 700],
      ['last.jpg', 1],
    ]);
  });

  it('keeps a long name across the long name of a link and across global records', async () => {
    const { members } = await index(
      joined(
        longName('long.jpg'),
        tarMember('././@LongLink', 'target\0', { type: 'K' }),
        paxHeader({ comment: 'x' }, 'g'),
        tarMember('short', 'ab'),
        END_OF_ARCHIVE,
      ),
    );
    expect(names(members)).toEqual(['long.jpg']);
  });

  it('does not give the long name of a link or folder to the file after it', async () => {
    const { members } = await index(
      joined(longName('link.jpg'), tarMember('short', '', { type: '2' }), tarMember('file.jpg', 'a'), END_OF_ARCHIVE),
    );
    expect(names(members)).toEqual(['file.jpg']);
  });

  it('passes over folders and links whose headers state a size, without skipping any bytes for it', async () => {
    const { members } = await index(
      joined(
        tarMember('folder/', '', { type: '5', size: 4096 }),
        tarMember('hard.jpg', '', { type: '1', size: 1000 }),
        tarMember('old-folder/', '', { type: '\0' }),
        tarMember('a.jpg', 'a', { type: '\0' }),
        tarMember('b.jpg', 'b', { type: '7' }),
        END_OF_ARCHIVE,
      ),
    );
    expect(names(members)).toEqual(['a.jpg', 'b.jpg']);
  });

  it('passes over members of kinds it does not know, with their bytes', async () => {
    const { members } = await index(
      joined(tarMember('volume', 'x'.repeat(600), { type: 'V' }), tarMember('a.jpg', 'a'), END_OF_ARCHIVE),
    );
    expect(members).toEqual([{ name: 'a.jpg', offset: 2048, size: 1 }]);
  });

  it('finds members behind 8 GiB, by an offset beyond 32 bits', async () => {
    const size = 2 ** 33 + 2560;
    const field = `\x80${'\0'.repeat(6)}\x02\0\0\0\0`; // 2 * 256^4 = 2^33
    const tail = joined(tarMember('b.jpg', 'b'), END_OF_ARCHIVE);
    const head = tarMember('a.jpg', '', { sizeField: field });
    const reader = countingReader(head, { size });
    const { members } = await indexTar(
      {
        size,
        async read(offset, length) {
          const bytes = await reader.read(offset, length);
          if (offset >= 2 ** 33) bytes.set(tail.subarray(offset - 2 ** 33 - 512, offset - 2 ** 33 - 512 + length));
          return bytes;
        },
      },
      'a.tar',
    );
    expect(members).toEqual([
      { name: 'a.jpg', offset: 512, size: 2 ** 33 },
      { name: 'b.jpg', offset: 2 ** 33 + 1024, size: 1 },
    ]);
  });

  it.each(['-1', '1.5', '1e3', '', '99999999999999999999'])('refuses the pax size "%s"', async (size) => {
    const bytes = joined(paxHeader({ size }), tarMember('a.jpg', 'a'), END_OF_ARCHIVE);
    await expectError(() => index(bytes), 'corrupt-data', /^a\.tar: a pax size of "[^"]*" at byte 512$/);
  });

  it('refuses a name of more than a megabyte rather than reading it', async () => {
    const reader = countingReader(tarMember('././@LongLink', '', { type: 'L', size: 2 ** 30 }), { size: 2 ** 31 });
    await expectError(() => indexTar(reader, 'a.tar'), 'corrupt-data', /a name or pax record of 1073741824 bytes at byte 512/);
    expect(reader.bytesRead()).toBeLessThan(2 ** 20);
  });

  it('refuses sparse members, whose bytes are not the file', async () => {
    await expectError(() => index(tarMember('a', '', { type: 'S' })), 'corrupt-data', /sparse .* at byte 0/);
    await expectError(() => index(joined(paxHeader({ 'GNU.sparse.major': '1' }), tarMember('a'))), 'corrupt-data', /sparse/);
  });
});

describe('joined and cut archives', () => {
  const archive = makeTar({ 'a.jpg': 'x'.repeat(700), 'b.jpg': 'y' }); // headers at 0 and 1536, end at 2560

  it('reads on behind the end of an archive, so that `cat` of shards loses nothing', async () => {
    const second = makeTar({ 'c.jpg': 'z' });
    const { members, truncation } = await index(joined(archive, new Uint8Array(512 * 7), second));
    expect(members.map(({ name, offset }) => [name, offset])).toEqual([
      ['a.jpg', 512],
      ['b.jpg', 2048],
      ['c.jpg', archive.length + 512 * 8],
    ]);
    expect(truncation).toBeUndefined();
  });

  it('keeps the complete members of an archive that is cut inside a member', async () => {
    expect(await index(archive.subarray(0, 1000))).toEqual({
      members: [],
      truncation: {
        offset: 0,
        member: 'a.jpg',
        reason: 'it is cut off inside a.jpg: 700 bytes from byte 512, but the file has 1000',
      },
    });
    const { members, truncation } = await index(archive.subarray(0, 2048));
    expect(names(members)).toEqual(['a.jpg']);
    expect(truncation).toMatchObject({ offset: 1536, member: 'b.jpg' });
  });

  it.each([
    [1536 + 200, 'it is cut off inside a header'],
    [1536, 'its end-of-archive marker is missing, so it was probably cut off'],
    [1300, 'its end-of-archive marker is missing, so it was probably cut off'], // inside the padding of a.jpg
  ])('notices a cut at byte %s', async (length, reason) => {
    const { members, truncation } = await index(archive.subarray(0, length));
    expect(names(members)).toEqual(['a.jpg']);
    expect(truncation).toEqual({ offset: 1536, reason });
  });

  it('notices that the second of two joined archives is cut', async () => {
    const { members, truncation } = await index(joined(archive, tarMember('c.jpg')));
    expect(names(members)).toEqual(['a.jpg', 'b.jpg', 'c.jpg']);
    expect(truncation).toMatchObject({ offset: archive.length + 512 });
  });

  it('notices a cut between a long name and its member', async () => {
    const { members, truncation } = await index(joined(tarMember('a.jpg'), longName('long.jpg')));
    expect(names(members)).toEqual(['a.jpg']);
    expect(truncation?.reason).toMatch(/end-of-archive/);
  });

  it('is content with one zero block, and with odd bytes behind it', async () => {
    expect((await index(joined(tarMember('a.jpg'), new Uint8Array(512)))).truncation).toBeUndefined();
    expect((await index(joined(tarMember('a.jpg'), new Uint8Array(700)))).truncation).toBeUndefined();
  });

  it('says of an empty file that it is empty', async () => {
    expect(await index(new Uint8Array(0))).toEqual({ members: [], truncation: { offset: 0, reason: 'it is empty (0 bytes)' } });
  });

  it('takes a size that no file has for a cut', async () => {
    const { members, truncation } = await index(joined(tarMember('a.jpg'), tarMember('b.jpg', '', { size: 8 ** 11 - 1 })));
    expect(names(members)).toEqual(['a.jpg']);
    expect(truncation?.reason).toMatch(/^it is cut off inside b\.jpg: 8589934591 bytes/);
  });
});

describe('files that are no archives', () => {
  const html = new TextEncoder().encode(`<!DOCTYPE html><title>Sign in</title>${' '.repeat(600)}`);
  const noise = Uint8Array.from({ length: 2000 }, (_, i) => (i * 7919) >> 3);

  it.each([
    ['gzip', new Uint8Array(gzipSync(noise, { level: 0 })), /gzip-compressed; .*gunzip them first/],
    ['a few bytes of gzip', new Uint8Array(gzipSync(html)), /gzip-compressed; .*gunzip them first/],
    ['zip', joined(Uint8Array.of(0x50, 0x4b, 3, 4), new Uint8Array(deflateRawSync(noise)), noise), /is it a tar file\?/],
    ['a web page', html, /is it a tar file\?/],
    ['a short file', html.subarray(0, 100), /100 bytes that are no tar archive \(is it a tar file\?\)/],
  ])('says so of %s', async (_, bytes, message) => {
    await expectError(() => index(bytes), 'corrupt-data', message);
    await expectError(() => index(bytes), 'corrupt-data', /^a\.tar: .* at byte 0/);
  });

  it('names file and byte of a header whose checksum is wrong', async () => {
    const bytes = makeTar({ 'a.jpg': 'a', 'b.jpg': 'b' });
    bytes[1024 + 3] ^= 0x20;
    const message = /^a\.tar: no tar header \(its checksum is wrong\) at byte 1024$/;
    await expectError(() => index(bytes), 'corrupt-data', message);
  });
});

describe('what is read', () => {
  it('skips the bytes of large members', async () => {
    const size = 10 * 1024 * 1024;
    const block = (name: string) => tarMember(name, '', { size });
    const bytes = new Uint8Array(2 * (size + 512) + 1024);
    bytes.set(block('a.jpg'), 0);
    bytes.set(block('b.jpg'), size + 512);
    const reader = countingReader(bytes, { readAhead: 4096 });
    expect((await indexTar(reader, 'a.tar')).members.length).toBe(2);
    expect(reader.reads).toEqual([
      [0, 4096],
      [size + 512, 512],
      [2 * (size + 512), 512], // The end: two blocks of zeros.
      [2 * (size + 512) + 512, 512],
    ]);
  });

  it('of large pictures with small texts: their headers together, from the second sample on', async () => {
    const picture = 'x'.repeat(40_000);
    const sample = (key: string) => ({ [`${key}.jpg`]: picture, [`${key}.json`]: '{}', [`${key}.txt`]: 'y' });
    const bytes = makeTar(Object.assign({}, ...['a', 'b', 'c', 'd', 'e'].map(sample)));
    const reader = countingReader(bytes, { readAhead: 8192 });
    expect((await indexTar(reader, 'a.tar')).members.length).toBe(15);
    const behindPicture = 512 + 40_448; // 79 blocks
    const stride = behindPicture + 4 * 512;
    expect(reader.reads).toEqual([
      [0, 8192],
      [behindPicture, 512], // Behind the first picture its header was all that was needed,
      [behindPicture + 1024, 1024], // and so the window grows to what two texts
      [behindPicture + 2048, 2048], // and the next header take.
      ...[1, 2, 3, 4].map((i) => [behindPicture + i * stride, 4 * 512 + 512]),
      [5 * stride + 512, 512],
    ]);
  });

  it('reads on by windows where files become small', async () => {
    const large = { 'a.jpg': 'x'.repeat(10_000), 'b.jpg': 'x'.repeat(10_000), 'c.jpg': 'x'.repeat(10_000) };
    const small = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${i}.jpg`, 'x']));
    const reader = countingReader(makeTar({ ...large, ...small }), { readAhead: 1 << 14 });
    expect((await indexTar(reader, 'a.tar')).members.length).toBe(103);
    expect(reader.reads.length).toBeLessThan(20);
  });

  it('reads many small members with few reads, none beyond the end', async () => {
    const files = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${i}.jpg`, 'x'.repeat(100)]));
    const bytes = makeTar(files);
    const reader = countingReader(bytes, { readAhead: 1 << 16 });
    expect((await indexTar(reader, 'a.tar')).members.length).toBe(100);
    expect(reader.reads.length).toBe(2);
    expect(reader.bytesRead()).toBe(bytes.length);
  });
});
