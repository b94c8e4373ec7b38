import { expectClose } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { expectError } from '../../test/expect-error.ts';
import { flat, gradient } from '../../test/pictures.ts';
import { fromBase64, readJsonFixture } from '../../test/read-fixture.ts';
import { prepareImage } from './prepare-image.ts';
import type { ResampleFilter } from './resample.ts';
import type { CropBox } from './resample-crop.ts';

type Fixture = {
  image: { width: number; height: number; data: string };
  crops: { filter: ResampleFilter; box: CropBox; size: number; values: number[] }[];
};

it('makes the whole image a square, as Pillow does without rounding; bilinear unless told otherwise', () => {
  const { image, crops } = readJsonFixture<Fixture>('resize.json');
  const noise = { ...image, data: fromBase64(image.data) };
  const whole = crops.filter(({ box }) => box.width === image.width && box.height === image.height);
  expect(whole.map(({ filter }) => filter)).toEqual(['bilinear', 'bicubic']);
  for (const { filter, size, values } of whole) expectClose(prepareImage(noise, size, filter), values, 2e-6);
  expectClose(prepareImage(noise, whole[0].size), whole[0].values, 2e-6);
});

it('keeps the corners, and neither mirrors nor turns', () => {
  const values = prepareImage(gradient(100, 60, 2), 20); // [20, 20, 3]
  const at = (x: number, y: number) => [...values.subarray((y * 20 + x) * 3, (y * 20 + x) * 3 + 2)].map((value) => value * 255);
  expect(at(19, 0)[0]).toBeGreaterThan(180);
  expect(at(19, 0)[1]).toBeLessThan(10);
  expect(at(0, 19)[0]).toBeLessThan(10);
  expect(at(0, 19)[1]).toBeGreaterThan(100);
});

it('enlarges a single pixel', () => {
  expectClose(prepareImage(flat(1, 1, [255, 51, 0]), 2), [1, 0.2, 0, 1, 0.2, 0, 1, 0.2, 0, 1, 0.2, 0], 1e-6);
});

it.each([0, -1, 2.5, Number.NaN])('refuses a size of %s', async (size) => {
  await expectError(() => prepareImage(flat(2, 2, [0, 0, 0]), size), 'invalid-argument', /a whole number of at least 1/);
});

it.each([
  [{ width: 2, height: 2, data: new Uint8Array(11) }],
  [{ width: 0, height: 0, data: new Uint8Array(0) }],
  [{ width: 1.5, height: 2, data: new Uint8Array(9) }],
])('refuses an image that is not what it says: %j', async (image) => {
  await expectError(() => prepareImage(image, 2), 'corrupt-data', /3 per pixel are expected/);
});
