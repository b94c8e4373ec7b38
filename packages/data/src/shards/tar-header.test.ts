import { expect, it } from 'vitest';
import { paxHeader, tarMember } from '../../test/make-tar.ts';
import { fromBase64, readJsonFixture } from '../../test/read-fixture.ts';
import { isZeroBlock, nextTarBlock, parsePaxRecords, parseTarHeader } from './tar-header.ts';

const { headers } = readJsonFixture<{ headers: { size: number; block: string }[] }>('archives.json');

it.each(headers)('reads the size $size as Python writes it, in base 256 from 8 GiB on', ({ size, block }) => {
  expect(parseTarHeader(fromBase64(block))).toEqual({ name: 'large.jpg', size, type: '0' });
});

it('reads a size padded with spaces, and a blank one as 0', () => {
  expect(parseTarHeader(tarMember('a', '', { sizeField: '      1750 \0' }))).toMatchObject({ size: 0o1750 });
  expect(parseTarHeader(tarMember('a', '', { sizeField: '            ' }))).toMatchObject({ size: 0 });
});

it.each([
  ['letters', '0000000017x\0'],
  ['a digit that octal numbers lack', '00000000018\0'],
  ['a base-256 number above 2^53', `\x80${'\xff'.repeat(11)}`],
])('refuses a size of %s', (_, sizeField) => {
  expect(parseTarHeader(tarMember('a', '', { sizeField }))).toBe('a tar header whose size is no number');
});

it('accepts a checksum of signed bytes, and notices any changed byte', () => {
  const block = tarMember('é'.repeat(20), '', { signedChecksum: true });
  expect(parseTarHeader(block)).toMatchObject({ name: 'é'.repeat(20) });
  for (const at of [0, 124, 156, 300, 511]) {
    const changed = tarMember('a.jpg');
    changed[at] ^= 1;
    expect(parseTarHeader(changed), `byte ${at}`).toMatch(/checksum/);
  }
});

it('joins prefix and name in POSIX archives only: old GNU archives keep times in that place', () => {
  expect(parseTarHeader(tarMember('a.jpg', '', { prefix: 'some/folder' }))).toMatchObject({ name: 'some/folder/a.jpg' });
  expect(parseTarHeader(tarMember('a.jpg', '', { prefix: '14312145706', magic: 'ustar  \0' }))).toMatchObject({ name: 'a.jpg' });
});

it('uses a name of 100 bytes, which no NUL ends', () => {
  expect(parseTarHeader(tarMember('n'.repeat(100)))).toMatchObject({ name: 'n'.repeat(100) });
});

it.each([...'123456'])('takes no size from a header of type %s, behind which no bytes come', (type) => {
  expect(parseTarHeader(tarMember('a', '', { type, size: 4096 }))).toEqual({ name: 'a', size: 0, type });
});

it('reads pax records, whose lengths count bytes, not letters', () => {
  const records = { path: '日本語/é.jpg', comment: 'a=b\nc', size: '12' };
  expect(parsePaxRecords(paxHeader(records).subarray(512))).toEqual(records);
});

it.each([
  ['a length that is no number', 'xx path=a\n'],
  ['a length beyond the end', '30 path=a\n'],
  ['a length that is too short', '2 path=a\n'],
  ['no newline at the end', '9 path=ab'],
  ['no equals sign', '7 path\n'],
  ['no space', 'path'],
])('refuses pax records with %s', (_, text) => {
  expect(parsePaxRecords(new TextEncoder().encode(text))).toBeUndefined();
});

it('knows blocks and their boundaries', () => {
  expect([0, 1, 512, 513].map(nextTarBlock)).toEqual([0, 512, 512, 1024]);
  const block = new Uint8Array(512);
  expect(isZeroBlock(block)).toBe(true);
  block[511] = 1;
  expect(isZeroBlock(block)).toBe(false);
});
