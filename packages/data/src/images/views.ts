import { type Rng, VitrailError } from '@vitrail/core';
import type { RgbImage } from '../sample.ts';
import { augment } from './augmentation/augment.ts';
import { type Augmentation, requireAugmentation } from './augmentation/augmentation.ts';
import { randomCropBox } from './random-crop.ts';
import { requireImage } from './require-image.ts';
import { type CropTarget, resampleCrop } from './resample-crop.ts';

/** Global and local crops of every image (the multi-crop views of DINO; TIPS has one global crop), and further views with augmentations. */
export type ViewSpec = {
  /** Side of a global crop, in pixels. */
  readonly globalSize: number;
  /** How many global crops; 1 when absent, 2 in DINO. */
  readonly globalCrops?: number;
  /** Side of a local crop, in pixels. */
  readonly localSize: number;
  /** How many local crops; 0 for none. */
  readonly localCrops: number;
  /** Least and largest area of a global crop, as shares of the image's; DINOv2 takes `[0.32, 1]`, CLIP-Rocket's weak view `[0.5, 1]`. */
  readonly globalScale: readonly [number, number];
  /** The same of a local crop; DINOv2 takes `[0.05, 0.32]`. */
  readonly localScale: readonly [number, number];
  /** Least and largest width / height of a crop before it is made square; torchvision's default is `[3/4, 4/3]`. */
  readonly aspect: readonly [number, number];
  /** Probability that a crop is mirrored left to right, each on its own. */
  readonly flip: number;
  /** Further views, each with an augmentation of its own (the strong views of CLIP-Rocket); none when absent. */
  readonly augmented?: readonly Augmentation[];
};

/** The views of one image; whoever asked for them owns them. */
export type Views = {
  /** `[globalCrops, globalSize, globalSize, 3]` in `[0, 1]`. */
  readonly global: Float32Array;
  /** `[localCrops, localSize, localSize, 3]` in `[0, 1]`. */
  readonly locals: Float32Array;
  /** One array per augmented view, `[size, size, 3]` in `[0, 1]` with the `size` of its crop; absent when the spec has no list of them. */
  readonly augmented?: readonly Float32Array[];
};

/**
 * Random crops of an image: area, aspect and place drawn as torchvision's `RandomResizedCrop` does, resized with Pillow's bicubic filter (anti-aliased;
 * in floating point, clipped to `[0, 1]`), mirrored with probability `flip`. Nothing else is changed (TIPSv2, section 4.1: no colour jitter, no blur).
 * The augmented views are what {@link augment} makes, which rounds to 8 bits.
 *
 * The first global crop draws from `rng.fork('global')`, another one `g` from `rng.fork('global', g)`, local crop `j` from `rng.fork('local', j)`, augmented
 * view `v` from `rng.fork('augmented', v)`: each is the same whatever the other views are. Images smaller than a crop are enlarged, down to a single pixel.
 *
 * @throws `invalid-argument` for a spec that cannot be met; `corrupt-data` for an image without pixels.
 * @example makeViews(image, { globalSize: 224, localSize: 98, localCrops: 6, globalScale: [0.32, 1], localScale: [0.05, 0.32],
 *   aspect: [3 / 4, 4 / 3], flip: 0.5 }, createRng(0)).locals.length // 6 * 98 * 98 * 3
 */
export function makeViews(image: RgbImage, spec: ViewSpec, rng: Rng): Views {
  requireViewSpec(spec);
  const views = emptyViews(spec, 1);
  writeViews(image, spec, rng, { ...views, row: 0 });
  return views;
}

/** Room for the views of `batchSize` images: `global` `[B * G, S, S, 3]`, `locals` `[B * M, s, s, 3]`, each of `augmented` `[B, size, size, 3]`. */
export function emptyViews(spec: ViewSpec, batchSize: number): Views {
  const { globalSize, globalCrops = 1, localCrops, localSize, augmented } = spec;
  return {
    global: new Float32Array(batchSize * globalCrops * globalSize ** 2 * 3),
    locals: new Float32Array(localCrops === 0 ? 0 : batchSize * localCrops * localSize ** 2 * 3),
    ...(augmented && { augmented: augmented.map(({ crop }) => new Float32Array(batchSize * crop.size ** 2 * 3)) }),
  };
}

/** {@link makeViews} into row `row` of {@link emptyViews}; `global` and `locals` are sample-major. */
export function writeViews(image: RgbImage, spec: ViewSpec, rng: Rng, into: Views & { row: number }): void {
  requireImage(image);
  const { global, locals, augmented = [], row } = into;
  const { globalSize, globalCrops = 1, globalScale, localSize, localScale, localCrops } = spec;
  const crop = (stream: Rng, scale: readonly [number, number], target: Omit<CropTarget, 'filter' | 'flip'>) => {
    const box = randomCropBox(image, { scale, aspect: spec.aspect }, stream);
    resampleCrop(image, box, { ...target, filter: 'bicubic', flip: stream.uniform() < spec.flip });
  };
  for (let g = 0; g < globalCrops; g++) {
    const stream = g === 0 ? rng.fork('global') : rng.fork('global', g);
    crop(stream, globalScale, { size: globalSize, into: global, at: (row * globalCrops + g) * globalSize ** 2 * 3 });
  }
  for (let j = 0; j < localCrops; j++) {
    crop(rng.fork('local', j), localScale, { size: localSize, into: locals, at: (row * localCrops + j) * localSize ** 2 * 3 });
  }
  spec.augmented?.forEach((augmentation, v) => {
    const { data } = augment(image, augmentation, rng.fork('augmented', v));
    const at = row * data.length;
    for (let i = 0; i < data.length; i++) augmented[v][at + i] = data[i] / 255;
  });
}

/** @throws `invalid-argument` naming the first field of the spec that cannot be met. */
export function requireViewSpec(spec: ViewSpec): void {
  const require = (isMet: boolean, field: keyof ViewSpec, expected: string) => {
    if (!isMet)
      throw new VitrailError('invalid-argument', `views.${field} is ${expected}, but ${JSON.stringify(spec[field])} came`);
  };
  const isSize = (size: number) => Number.isInteger(size) && size >= 1;
  const isRange = ([low, high]: readonly [number, number], maximum: number) => low > 0 && low <= high && high <= maximum;
  require(isSize(spec.globalSize), 'globalSize', 'a whole number of at least 1 pixel');
  require(isSize(spec.globalCrops ?? 1), 'globalCrops', 'a whole number of at least 1');
  require(Number.isInteger(spec.localCrops) && spec.localCrops >= 0, 'localCrops', 'a whole number of at least 0');
  require(spec.localCrops === 0 || isSize(spec.localSize), 'localSize', 'a whole number of at least 1 pixel');
  require(isRange(spec.globalScale, 1), 'globalScale', 'two shares of the area, 0 < least <= largest <= 1');
  require(spec.localCrops === 0 ||
    isRange(spec.localScale, 1), 'localScale', 'two shares of the area, 0 < least <= largest <= 1');
  require(isRange(spec.aspect, Number.MAX_VALUE), 'aspect', 'two ratios, 0 < least <= largest');
  require(spec.flip >= 0 && spec.flip <= 1, 'flip', 'a probability in [0, 1]');
  spec.augmented?.forEach((augmentation, v) => {
    requireAugmentation(augmentation, `views.augmented[${v}]`);
  });
}
