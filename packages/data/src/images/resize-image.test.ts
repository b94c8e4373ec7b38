import { describe, expect, it } from 'vitest';
import { expectError } from '../../test/expect-error.ts';
import { gradient } from '../../test/pictures.ts';
import { fromBase64, readJsonFixture } from '../../test/read-fixture.ts';
import type { ResampleFilter } from './resample.ts';
import { resizeImage } from './resize-image.ts';

type Packed = { width: number; height: number; data: string };
const fixture = readJsonFixture<{ image: Packed; resized: (Packed & { filter: ResampleFilter })[] }>('resize.json');
const unpack = ({ width, height, data }: Packed) => ({ width, height, data: fromBase64(data) });

describe('equals Pillow to the bit', () => {
  const row = [0, 10, 200, 30, 120, 250, 60, 90];
  it.each<[filter: ResampleFilter, width: number, values: number[]]>([
    ['bicubic', 3, [50, 128, 121]],
    ['bicubic', 4, [26, 104, 158, 95]],
    ['bicubic', 5, [0, 124, 85, 186, 74]],
    ['bicubic', 12, [0, 0, 35, 187, 121, 29, 100, 203, 234, 83, 65, 92]],
    ['bilinear', 3, [54, 123, 118]],
    ['bilinear', 4, [33, 103, 150, 100]],
  ])('%s, a row of 8 to %s, across and down', (filter, width, values) => {
    const data = Uint8Array.from(row.flatMap((value) => [value, value, value]));
    const expected = Uint8Array.from(values.flatMap((value) => [value, value, value]));
    expect(resizeImage({ width: 8, height: 1, data }, { width, height: 1, filter }).data).toEqual(expected);
    expect(resizeImage({ width: 1, height: 8, data }, { width: 1, height: width, filter }).data).toEqual(expected);
  });

  it.each(fixture.resized)('$filter to $width by $height', ({ filter, ...expected }) => {
    expect(resizeImage(unpack(fixture.image), { width: expected.width, height: expected.height, filter })).toEqual(
      unpack(expected),
    );
  });
});

it('is bilinear unless told otherwise, and returns a new image also at the same size', () => {
  const image = gradient(5, 4, 17);
  expect(resizeImage(image, { width: 3, height: 3 })).toEqual(resizeImage(image, { width: 3, height: 3, filter: 'bilinear' }));
  const same = resizeImage(image, { width: 5, height: 4 });
  expect(same).toEqual(image);
  expect(same.data).not.toBe(image.data);
});

it.each([
  [0, 4],
  [4, -1],
  [2.5, 4],
  [4, Number.NaN],
])('refuses a size of %s by %s', async (width, height) => {
  await expectError(
    () => resizeImage(gradient(4, 4), { width, height }),
    'invalid-argument',
    /whole numbers of at least 1 pixel/,
  );
});

it('refuses an image whose data are not 3 values per pixel', async () => {
  const image = { width: 2, height: 2, data: new Uint8Array(4) };
  await expectError(() => resizeImage(image, { width: 1, height: 1 }), 'corrupt-data', /2 by 2 pixels with 4 values/);
});
