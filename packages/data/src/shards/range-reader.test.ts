import { expect, it } from 'vitest';
import { expectError } from '../../test/expect-error.ts';
import { makeTar } from '../../test/make-tar.ts';
import { blobReader } from './range-reader.ts';
import { openShards } from './shard-source.ts';

it('reads ranges of a blob', async () => {
  const reader = blobReader(new Blob([Uint8Array.of(1, 2, 3, 4, 5)]));
  expect(reader.size).toBe(5);
  expect([...(await reader.read(1, 3))]).toEqual([2, 3, 4]);
  expect((await reader.read(5, 0)).length).toBe(0);
  await expectError(() => reader.read(3, 3), 'corrupt-data', /3 bytes at byte 3 .* a blob of 5 gave 2/);
});

it('serves shards that a person has picked', async () => {
  const file = new File([makeTar({ 'a.jpg': 'x', 'a.txt': 'a dog' })], 'picked.tar');
  const decode = async () => ({ width: 1, height: 1, data: new Uint8Array(3) });
  const source = await openShards({ shards: [{ name: file.name, reader: blobReader(file) }], decode });
  expect((await source.read(0)).captions).toEqual({ alt: 'a dog' });
  await source.close();
});

it('says `io` when the file behind the blob can no longer be read', async () => {
  const gone = new Blob(['abc']);
  gone.slice = () =>
    Object.assign(new Blob(), { arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotReadableError')) });
  await expectError(() => blobReader(gone).read(0, 1), 'io', /can no longer be read: gone/);
});

it('has the time of change of a `File` as its version, and none of a `Blob`', () => {
  expect(blobReader(new File(['x'], 'a.tar', { lastModified: 1234 })).version).toBe('1234');
  expect(blobReader(new Blob(['x'])).version).toBeUndefined();
});
