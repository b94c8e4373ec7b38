import { VitrailError } from '@vitrail/core';
import type { ResampleFilter } from './resample.ts';

/** A number for red, green and blue. */
export type PerChannel = readonly [red: number, green: number, blue: number];

/** Mean and deviation that are taken off pictures, of values in `[0, 1]`. */
export type PixelStatistics = { readonly mean: PerChannel; readonly deviation: PerChannel };

/**
 * How a picture becomes a square.
 *
 * - `square`: both sides become `size`, whatever the shape was (open_clip: `squash`).
 * - `shortest-side`: the shortest side becomes `size` and the longest `trunc(size long / short)`, as in torchvision and transformers; then the
 *   central `crop` by `crop` pixels are cut out. Where a side is shorter than `crop`, black is put around it, `floor` of half of what is missing
 *   before it (torchvision; transformers with Pillow puts `ceil`).
 */
export type ImageResize =
  | { readonly kind: 'square'; readonly size: number }
  | { readonly kind: 'shortest-side'; readonly size: number; readonly crop: number; readonly rounding: CropRounding };

/**
 * Where a central crop begins when half of what is cut off is no whole number: `half-even` rounds as Python's `round` does (torchvision, so
 * open_clip and DINOv2), `down` leaves the larger part at the end (transformers).
 */
export type CropRounding = 'half-even' | 'down';

/** How a model wants its pictures: what {@link prepareImage} does. */
export type ImagePreparation = PixelStatistics & {
  readonly resize: ImageResize;
  /** Always anti-aliased. */
  readonly filter: ResampleFilter;
  /** `8-bit`: rounded and clipped to 8 bits across and again down, as Pillow resizes pictures; `float`: clipped to `[0, 1]` at the end, never rounded. */
  readonly arithmetic: '8-bit' | 'float';
};

/** Means and deviations that models are published with. */
export const pixelStatistics = {
  /** OpenAI's CLIP and most of open_clip. */
  openai: { mean: [0.48145466, 0.4578275, 0.40821073], deviation: [0.26862954, 0.26130258, 0.27577711] },
  /** DINOv2, DINOv3. */
  imagenet: { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] },
  /** SigLIP: `[0, 1]` becomes `[-1, 1]`. */
  half: { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] },
  /** TIPS and TIPSv2: `[0, 1]` stays. */
  none: { mean: [0, 0, 0], deviation: [1, 1, 1] },
} as const satisfies Readonly<Record<string, PixelStatistics>>;

/** Side of the squares that a preparation makes, in pixels. */
export function preparedSize({ resize }: ImagePreparation): number {
  return resize.kind === 'square' ? resize.size : resize.crop;
}

/** @throws `invalid-argument` for a size that is no whole number of at least 1, a mean that is not finite, a deviation that is not above 0. */
export function requirePreparation({ resize, mean, deviation }: ImagePreparation): void {
  for (const size of resize.kind === 'square' ? [resize.size] : [resize.size, resize.crop]) {
    if (!(Number.isInteger(size) && size >= 1)) {
      throw new VitrailError(
        'invalid-argument',
        `the size of a prepared image is a whole number of at least 1, but ${size} came`,
      );
    }
  }
  if (!(mean.every(Number.isFinite) && deviation.every((value) => Number.isFinite(value) && value > 0))) {
    throw new VitrailError(
      'invalid-argument',
      `means of a preparation are finite and deviations above 0, but mean ${mean} and deviation ${deviation} came`,
    );
  }
}
