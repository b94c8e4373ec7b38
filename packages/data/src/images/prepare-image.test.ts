import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expectClose } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { expectError } from '../../test/expect-error.ts';
import { flat, gradient } from '../../test/pictures.ts';
import { fromBase64, readJsonFixture } from '../../test/read-fixture.ts';
import type { RgbImage } from '../sample.ts';
import { type DecodedLike, decodeWithSharp } from './decode-with-sharp.ts';
import { type ImagePreparation, pixelStatistics } from './image-preparation.ts';
import { openClipPreparation } from './open-clip-preparation.ts';
import { prepareImage } from './prepare-image.ts';
import { parsePreprocessorConfig } from './preprocessor-config.ts';
import type { ResampleFilter } from './resample.ts';
import type { CropBox } from './resample-crop.ts';
import { tipsPreparation } from './tips-preparation.ts';

/** Of `tools/reference/images.py`: a file, what Pillow decodes of it, and what the reference codes prepare. */
type Picture = { name: string; width: number; height: number; file: string; decoded: string; white?: string } & Prepared;
type Prepared = { clip: string; dinov2: string; bicubic: string; bilinear: string; tensors: string };
const folder = new URL('../../test/fixtures/images/', import.meta.url);
const { size, pictures } = JSON.parse(gunzipSync(readFileSync(new URL('pictures.json.gz', folder))).toString()) as {
  size: number;
  pictures: Picture[];
};

const preparations: Record<keyof Prepared, ImagePreparation> = {
  clip: openClipPreparation({ image_size: size }),
  dinov2: {
    ...openClipPreparation({ image_size: size, ...pixelStatistics.imagenet }),
    resize: { kind: 'shortest-side', size: 32, crop: size, rounding: 'half-even' },
  },
  bicubic: openClipPreparation({ image_size: size, resize_mode: 'squash', mean: 0.5, std: 0.5 }),
  bilinear: { ...tipsPreparation(size), arithmetic: '8-bit' },
  tensors: parsePreprocessorConfig({
    image_processor_type: 'CLIPImageProcessor',
    size: { shortest_edge: size },
    crop_size: { height: size, width: size },
  }),
};

/** The 8-bit levels before normalisation, which the reference's are. */
function levels(image: RgbImage, preparation: ImagePreparation): Float32Array {
  return prepareImage(image, { ...preparation, ...pixelStatistics.none }).map((value) => value * 255);
}
function worst(values: ArrayLike<number>, expected: Uint8Array): number {
  expect(values.length).toBe(expected.length);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i])), 0);
}
const decode = (file: string, like: DecodedLike) => decodeWithSharp(fromBase64(file), { like });

describe.each(pictures)('$name', ({ width, height, file, decoded, ...prepared }) => {
  it('has the pixels of Pillow', async () => {
    const image = await decode(file, 'pillow');
    expect([image.width, image.height]).toEqual([width, height]);
    expect(worst(image.data, fromBase64(decoded))).toBe(0);
  });

  it('is prepared as by the references: to the bit where they resize with Pillow, to 1 level where tensors', async () => {
    const image = await decode(file, 'pillow');
    for (const kind of ['clip', 'dinov2', 'bicubic', 'bilinear', 'tensors'] as const) {
      const difference = worst(levels(image, preparations[kind]), fromBase64(prepared[kind]));
      expect(difference, kind).toBeLessThan(kind === 'tensors' ? 1.01 : 0.01);
    }
  });
});

it.each(pictures.filter(({ white }) => white !== undefined))(
  'lays over white as transformers: $name',
  async ({ file, white }) => {
    const expected = fromBase64(white ?? '');
    for (const like of ['transformers', 'browser'] as const) {
      expect(worst(levels(await decode(file, like), preparations.bilinear), expected)).toBeLessThan(1.01);
    }
  },
);

it('normalises as open_clip and as transformers do', async () => {
  const reference = JSON.parse(readFileSync(new URL('normalised.json', folder), 'utf8')) as Record<string, number[]>;
  const { file } = pictures.find(({ name }) => name === 'png 45 x 73') as Picture;
  const image = await decode(file, 'pillow');
  const rows = (values: Float32Array) => values.filter((_, i) => Math.floor(i / (size * 3)) % 9 === 0);
  expectClose(rows(prepareImage(image, preparations.clip)), reference.openClip, 1e-6);
  // A level of transformers' tensors is 1 / 255 / 0.26 here.
  expectClose(rows(prepareImage(image, preparations.tensors)), reference.transformers, 0.0151);
  const dinov3 = parsePreprocessorConfig({
    image_processor_type: 'DINOv3ViTImageProcessor',
    size: { height: size, width: size },
  });
  expectClose(rows(prepareImage(image, dinov3)), reference.dinov3, 2e-5);
});

describe('in floating point', () => {
  type Fixture = {
    image: { width: number; height: number; data: string };
    crops: { filter: ResampleFilter; box: CropBox; size: number; values: number[] }[];
  };

  it('makes the whole image a square, as Pillow does without rounding', () => {
    const { image, crops } = readJsonFixture<Fixture>('resize.json');
    const noise = { ...image, data: fromBase64(image.data) };
    const whole = crops.filter(({ box }) => box.width === image.width && box.height === image.height);
    expect(whole.map(({ filter }) => filter)).toEqual(['bilinear', 'bicubic']);
    for (const { filter, size, values } of whole) {
      expectClose(prepareImage(noise, { ...tipsPreparation(size), filter }), values, 2e-6);
    }
  });

  it('is what 8 bits are, unrounded, when the shape stays and the centre is cut out', () => {
    const resize = { kind: 'shortest-side', size: 20, crop: 17, rounding: 'down' } as const;
    const rounded = levels(gradient(31, 45, 4), { ...tipsPreparation(1), resize, arithmetic: '8-bit' });
    const exact = levels(gradient(31, 45, 4), { ...tipsPreparation(1), resize });
    exact.forEach((value, i) => {
      expect(Math.abs(value - rounded[i])).toBeLessThanOrEqual(1.01);
    });
    expect(exact.some((value) => Math.abs(value - Math.round(value)) > 0.1)).toBe(true);
  });

  it('enlarges a single pixel', () => {
    expectClose(prepareImage(flat(1, 1, [255, 51, 0]), tipsPreparation(2)), [1, 0.2, 0, 1, 0.2, 0, 1, 0.2, 0, 1, 0.2, 0], 1e-6);
  });
});

it('keeps the corners, and neither mirrors nor turns', () => {
  const values = levels(gradient(100, 60, 2), tipsPreparation(20)); // [20, 20, 3]
  const at = (x: number, y: number) => [...values.subarray((y * 20 + x) * 3, (y * 20 + x) * 3 + 2)];
  expect(at(19, 0)[0]).toBeGreaterThan(180);
  expect(at(19, 0)[1]).toBeLessThan(10);
  expect(at(0, 19)[0]).toBeLessThan(10);
  expect(at(0, 19)[1]).toBeGreaterThan(100);
});

it('puts black around a picture that is smaller than the crop, before normalising, the larger part behind', () => {
  const resize = { kind: 'shortest-side', size: 2, crop: 5, rounding: 'half-even' } as const;
  const preparation: ImagePreparation = { ...tipsPreparation(1), resize, arithmetic: '8-bit', ...pixelStatistics.half };
  const values = prepareImage(flat(3, 2, [255, 255, 255]), preparation); // [5, 5, 3]
  const red = Array.from({ length: 5 }, (_, y) => Array.from({ length: 5 }, (_, x) => values[(y * 5 + x) * 3]));
  const [dark, lit] = [
    [-1, -1, -1, -1, -1],
    [-1, 1, 1, 1, -1],
  ];
  expect(red).toEqual([dark, lit, lit, dark, dark]);
});

it('resizes of a long and narrow picture only what the crop shows', () => {
  const image = gradient(1, 1_000_000); // As a whole 28 by 28,000,000 pixels.
  const values = levels(image, preparations.clip);
  // Row y of the crop is in the middle of 28,000,000 rows: near 500,000, whose green is its lowest 8 bits.
  const green = values.filter((_, i) => i % 3 === 1);
  const nearest = [499_999, 500_000].map((row) => row % 256);
  expect(Math.min(...green)).toBeGreaterThanOrEqual(nearest[0]);
  expect(Math.max(...green)).toBeLessThanOrEqual(nearest[1]);
});

describe('refuses', () => {
  it.each([0, -1, 2.5, Number.NaN])('a size of %s', async (size) => {
    await expectError(
      () => prepareImage(flat(2, 2, [0, 0, 0]), tipsPreparation(size)),
      'invalid-argument',
      /a whole number of at least 1/,
    );
  });

  it('a deviation of 0, which would give infinities', async () => {
    const preparation: ImagePreparation = { ...tipsPreparation(2), deviation: [1, 0, 1] };
    await expectError(() => prepareImage(flat(2, 2, [0, 0, 0]), preparation), 'invalid-argument', /deviations above 0/);
  });

  it.each([
    [{ width: 2, height: 2, data: new Uint8Array(11) }],
    [{ width: 0, height: 0, data: new Uint8Array(0) }],
    [{ width: 1.5, height: 2, data: new Uint8Array(9) }],
  ])('an image that is not what it says: %j', async (image) => {
    await expectError(() => prepareImage(image, tipsPreparation(2)), 'corrupt-data', /3 per pixel are expected/);
  });
});
