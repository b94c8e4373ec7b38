import { createRequire } from 'node:module';
import { isVitrailError } from '@vitrail/core';
import { expect, test } from 'vitest';
import { encodePng } from './png.ts';

type Decoder = (png: Buffer) => {
  raw(): {
    toBuffer(options: {
      resolveWithObject: true;
    }): Promise<{ data: Buffer; info: { width: number; height: number; channels: number } }>;
  };
};
/** libpng, which checks what browsers check: checksums, filters, sizes. */
const sharp = createRequire(new URL('../../../../packages/data/package.json', import.meta.url))('sharp') as Decoder;
const decode = (uri: string) =>
  sharp(Buffer.from(uri.slice(uri.indexOf(',') + 1), 'base64'))
    .raw()
    .toBuffer({ resolveWithObject: true });

const noise = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 2654435761) >>> 13);

test('a PNG decodes to the pixels it was made from', async () => {
  const rgb = noise(3 * 7 * 5);
  const uri = encodePng(rgb, 7, 5);
  expect(uri).toMatch(/^data:image\/png;base64,[A-Za-z0-9+/]+=*$/);
  const { data, info } = await decode(uri);
  expect(info).toMatchObject({ width: 7, height: 5, channels: 3 });
  expect([...data]).toEqual([...rgb]);
});

test('every pixel becomes a square at a larger scale', async () => {
  const rgb = noise(3 * 3 * 2);
  const { data, info } = await decode(encodePng(rgb, 3, 2, 4));
  expect(info).toMatchObject({ width: 12, height: 8 });
  for (let y = 0; y < 8; y++) {
    for (let x = 0; x < 12; x++) {
      const source = 3 * (Math.floor(y / 4) * 3 + Math.floor(x / 4));
      expect([...data.subarray(3 * (12 * y + x), 3 * (12 * y + x) + 3)]).toEqual([...rgb.subarray(source, source + 3)]);
    }
  }
});

test.each([
  [new Uint8Array(11), 2, 2, 1],
  [new Uint8Array(0), 0, 2, 1],
  [new Uint8Array(12), 2, 2, 1.5],
])('sizes that do not fit are refused', (rgb, width, height, scale) => {
  expect(() => encodePng(rgb, width, height, scale)).toThrow(expect.toSatisfy(isVitrailError));
});
