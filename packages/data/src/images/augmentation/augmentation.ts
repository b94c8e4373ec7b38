import { VitrailError } from '@vitrail/core';
import type { ResampleFilter } from '../resample.ts';
import type { ColorJitter } from './color-jitter.ts';

/** What is done at random to a picture to make one view of it, in this order: torchvision's transforms of Pillow's images. */
export type Augmentation = {
  /** `RandomResizedCrop`. */
  readonly crop: {
    /** Side of the view, in pixels. */
    readonly size: number;
    /** Least and largest area, as shares of the picture's. */
    readonly scale: readonly [number, number];
    /** Least and largest width / height before the crop is made square. */
    readonly aspect: readonly [number, number];
    readonly filter: ResampleFilter;
  };
  /** `ColorJitter`, with a probability. */
  readonly jitter?: ColorJitter & { readonly probability: number };
  /** Probability that colours are taken away. */
  readonly grayscale?: number;
  /** Gaussian blur with a probability; its deviation is uniform in `sigma`, in pixels of the view. */
  readonly blur?: { readonly probability: number; readonly sigma: readonly [number, number] };
  /** Probability that levels of 128 and more are inverted. */
  readonly solarize?: number;
  /** Probability that left and right change places. */
  readonly flip?: number;
};

/** The largest deviation of a blur, in pixels. */
const MOST_SIGMA = 1000;

/**
 * @param path what the augmentation is called in messages
 * @throws `invalid-argument` naming the first field that cannot be met.
 */
export function requireAugmentation({ crop, jitter, grayscale, blur, solarize, flip }: Augmentation, path: string): void {
  const require = (isMet: boolean, field: string, value: unknown, expected: string) => {
    if (!isMet) {
      throw new VitrailError('invalid-argument', `${path}.${field} is ${expected}, but ${shown(value)} came`);
    }
  };
  const requireProbability = (value: number | undefined, field: string) =>
    require(value === undefined || (value >= 0 && value <= 1), field, value, 'a probability in [0, 1]');

  require(Number.isInteger(crop.size) && crop.size >= 1, 'crop.size', crop.size, 'a whole number of at least 1 pixel');
  require(isRange(crop.scale, 1), 'crop.scale', crop.scale, 'two shares of the area, 0 < least <= largest <= 1');
  require(isRange(crop.aspect, Number.MAX_VALUE), 'crop.aspect', crop.aspect, 'two ratios, 0 < least <= largest');
  require(crop.filter === 'bilinear' || crop.filter === 'bicubic', 'crop.filter', crop.filter, 'bilinear or bicubic');
  if (jitter !== undefined) {
    requireProbability(jitter.probability, 'jitter.probability');
    for (const kind of ['brightness', 'contrast', 'saturation'] as const) {
      const range = jitter[kind];
      require(range >= 0 && Number.isFinite(range), `jitter.${kind}`, range, 'a number of at least 0');
    }
    require(jitter.hue >= 0 && jitter.hue <= 0.5, 'jitter.hue', jitter.hue, 'a part of a full turn in [0, 0.5]');
  }
  requireProbability(grayscale, 'grayscale');
  if (blur !== undefined) {
    requireProbability(blur.probability, 'blur.probability');
    const expected = `two deviations in pixels, 0 < least <= largest <= ${MOST_SIGMA}`;
    require(isRange(blur.sigma, MOST_SIGMA), 'blur.sigma', blur.sigma, expected);
  }
  requireProbability(solarize, 'solarize');
  requireProbability(flip, 'flip');
}

function isRange([low, high]: readonly [number, number], maximum: number): boolean {
  return low > 0 && low <= high && high <= maximum;
}

/** JSON has no NaN and no infinity. */
function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}
