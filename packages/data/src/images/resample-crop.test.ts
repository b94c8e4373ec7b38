import { expectClose } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { gradient } from '../../test/pictures.ts';
import { fromBase64, readJsonFixture } from '../../test/read-fixture.ts';
import type { RgbImage } from '../sample.ts';
import type { ResampleFilter } from './resample.ts';
import { type CropBox, resampleCrop } from './resample-crop.ts';
import { resizeImage } from './resize-image.ts';

type Crop = { filter: ResampleFilter; box: CropBox; size: number; values: number[] };
const fixture = readJsonFixture<{ image: { width: number; height: number; data: string }; crops: Crop[] }>('resize.json');
const noise: RgbImage = { ...fixture.image, data: fromBase64(fixture.image.data) };

function crop(
  image: RgbImage,
  box: CropBox,
  { size = 4, filter = 'bicubic' as ResampleFilter, flip = false } = {},
): Float32Array {
  const into = new Float32Array(size * size * 3);
  resampleCrop(image, box, { size, filter, flip, into, at: 0 });
  return into;
}
const cut = (image: RgbImage, { left, top, width, height }: CropBox): RgbImage => {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * 3;
    data.set(image.data.subarray(from, from + width * 3), y * width * 3);
  }
  return { width, height, data };
};

it.each(fixture.crops)('equals Pillow without rounding: $filter, $box to $size', ({ filter, box, size, values }) => {
  expectClose(crop(noise, box, { size, filter }), values, 2e-6);
});

describe.each<ResampleFilter>(['bilinear', 'bicubic'])('%s', (filter) => {
  const box = { left: 3, top: 2, width: 8, height: 5 };

  it('depends on nothing outside the box', () => {
    const alone = cut(noise, box);
    const inside = crop(alone, { left: 0, top: 0, width: 8, height: 5 }, { filter });
    expect(crop(noise, box, { filter })).toEqual(inside);
  });

  it('is what resizing the cut-out gives, up to its rounding to 8 bits in two passes', () => {
    const smooth = gradient(13, 9, 12); // Without edges, so that no pass has anything to clip.
    const resized = resizeImage(cut(smooth, box), { width: 4, height: 4, filter });
    crop(smooth, box, { filter }).forEach((value, i) => {
      expect(Math.abs(value * 255 - resized.data[i])).toBeLessThanOrEqual(1.6);
    });
  });

  it('mirrors left and right, and only these', () => {
    const plain = crop(noise, box, { filter });
    const mirrored = crop(noise, box, { filter, flip: true });
    for (let y = 0; y < 4; y++) {
      for (let x = 0; x < 4; x++) {
        const at = (y * 4 + x) * 3;
        const from = (y * 4 + 3 - x) * 3;
        expect(mirrored.subarray(at, at + 3)).toEqual(plain.subarray(from, from + 3));
      }
    }
  });
});

it('clips what the cubic overshoots to [0, 1]', () => {
  const edge = { width: 4, height: 1, data: Uint8Array.from([0, 0, 255, 255].flatMap((value) => [value, value, value])) };
  const values = crop(edge, { left: 0, top: 0, width: 4, height: 1 }, { size: 16 });
  expect(Math.min(...values)).toBe(0);
  expect(Math.max(...values)).toBe(1);
});

it('gives back the pixels of a box of the same size, divided by 255', () => {
  const image = gradient(6, 5, 30);
  const box = { left: 2, top: 1, width: 4, height: 4 };
  expectClose(
    crop(image, box),
    Array.from(cut(image, box).data, (value) => value / 255),
    1e-6,
  );
});

it('writes its square where it is told, over what was there, and nowhere else', () => {
  const into = new Float32Array(3 + 12 + 3).fill(7);
  const box = { left: 0, top: 0, width: 13, height: 9 };
  resampleCrop(noise, box, { size: 2, filter: 'bilinear', flip: false, into, at: 3 });
  expect([...into.subarray(0, 3), ...into.subarray(15)]).toEqual([7, 7, 7, 7, 7, 7]);
  expect(into.subarray(3, 15)).toEqual(crop(noise, box, { size: 2, filter: 'bilinear' }));
});
