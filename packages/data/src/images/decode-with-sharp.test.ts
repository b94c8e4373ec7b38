import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { expectError } from '../../test/expect-error.ts';
import { joined } from '../../test/make-tar.ts';
import { flat, gradient, jpeg, png } from '../../test/pictures.ts';
import { fromBase64, readJsonFixture } from '../../test/read-fixture.ts';
import { decodeWithSharp } from './decode-with-sharp.ts';

type File = { file: string; tolerance: number; width: number; height: number; data: string };

/** Mean of the channels over the whole picture. */
async function meanColour(bytes: Uint8Array): Promise<number[]> {
  const { data } = await decodeWithSharp(bytes);
  const mean = (c: number) => data.reduce((sum, value, i) => sum + (i % 3 === c ? value : 0), 0) / (data.length / 3);
  return [mean(0), mean(1), mean(2)];
}
const raw = ({ width, height, data }: ReturnType<typeof flat>) => sharp(data, { raw: { width, height, channels: 3 } });

it.each(Object.entries(readJsonFixture<Record<string, File>>('decode.json')))(
  'decodes as Pillow does: %s',
  async (_, { file, tolerance, width, height, data }) => {
    const image = await decodeWithSharp(fromBase64(file));
    const expected = fromBase64(data);
    expect([image.width, image.height, image.data.length]).toEqual([width, height, width * height * 3]);
    const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - image.data[i])), 0);
    expect(worst).toBeLessThanOrEqual(tolerance);
  },
);

it('gives back the pixels of a PNG, also out of the middle of other bytes, as neighbours in a shard are', async () => {
  const image = gradient(7, 5, 20);
  const bytes = await png(image);
  const shard = joined(new Uint8Array(513).fill(9), bytes, new Uint8Array(100).fill(9));
  expect(await decodeWithSharp(shard.subarray(513, 513 + bytes.length))).toEqual(image);
});

it('turns CMYK to sRGB, without inverting it', async () => {
  const cmyk = async (colour: [number, number, number]) =>
    new Uint8Array(
      await raw(flat(16, 16, colour))
        .toColourspace('cmyk')
        .jpeg({ quality: 95 })
        .toBuffer(),
    );
  expect((await sharp(await cmyk([255, 255, 255])).metadata()).space).toBe('cmyk');
  const [white, red, dark] = await Promise.all([
    cmyk([255, 255, 255]).then(meanColour),
    cmyk([220, 30, 30]).then(meanColour),
    cmyk([10, 10, 10]).then(meanColour),
  ]);
  expect(Math.min(...white)).toBeGreaterThan(240);
  expect(Math.max(...dark)).toBeLessThan(70);
  expect(red[0] - Math.max(red[1], red[2])).toBeGreaterThan(100);
});

it('turns 16-bit colours to 8 bits', async () => {
  const bytes = new Uint8Array(
    await raw(flat(4, 4, [200, 100, 50]))
      .toColourspace('rgb16')
      .png()
      .toBuffer(),
  );
  expect((await sharp(bytes).metadata()).depth).toBe('ushort');
  const [red, green, blue] = await meanColour(bytes);
  expect([red, green, blue].map(Math.round)).toEqual([200, 100, 50]);
});

it('applies an ICC profile: Display P3 numbers become those of sRGB', async () => {
  // sharp converts to P3 on writing, so the stored numbers are other than 200, 60, 60 and only the profile says what they mean.
  const bytes = new Uint8Array(
    await raw(flat(8, 8, [200, 60, 60]))
      .withIccProfile('p3')
      .png()
      .toBuffer(),
  );
  const stored = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer();
  expect(Math.abs(stored[0] - 200)).toBeGreaterThan(5);
  const colour = await meanColour(bytes);
  for (const [c, value] of [200, 60, 60].entries()) expect(Math.abs(colour[c] - value)).toBeLessThanOrEqual(3);
});

describe('refuses', () => {
  const corrupt = (bytes: Uint8Array, message: RegExp) => expectError(() => decodeWithSharp(bytes), 'corrupt-data', message);
  const undecodable = /^not a picture that can be decoded: \S/;

  it('no bytes at all', () => corrupt(new Uint8Array(0), /^the file is empty$/));

  it('text and noise', async () => {
    await corrupt(new TextEncoder().encode('<html>404</html>'), undecodable);
    await corrupt(
      Uint8Array.from({ length: 4000 }, (_, i) => (i * 7919) >> 3),
      undecodable,
    );
  });

  it.each([0.3, 0.6, 0.95])('the first %s of a JPEG or PNG, rather than filling the rest with gray', async (share) => {
    const noise = { width: 64, height: 64, data: Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * i * 31) >> 4) };
    for (const bytes of [await jpeg(noise), await png(noise)]) {
      await corrupt(bytes.subarray(0, Math.floor(bytes.length * share)), undecodable);
    }
  });

  it('a PNG with a damaged byte', async () => {
    const bytes = await png(gradient(64, 64, 3));
    bytes[bytes.length >> 1] ^= 0xff;
    await corrupt(bytes, undecodable);
  });

  it('a header that promises more than 64 megapixels, before any memory is taken', async () => {
    const bytes = await png(gradient(4, 4));
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    view.setUint32(16, 60_000); // Width and height in the PNG's first chunk, whose checksum follows.
    view.setUint32(20, 60_000);
    view.setUint32(29, crc32(bytes.subarray(12, 29)));
    await corrupt(bytes, /pixel limit/);
  });
});
