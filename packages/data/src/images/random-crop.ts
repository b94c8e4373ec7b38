import type { Rng } from '@vitrail/core';
import type { CropBox } from './resample-crop.ts';
import { roundHalfEven } from './round-half-even.ts';

const TRIES = 10;

/**
 * A random rectangle of an image of `width` by `height` pixels, exactly as torchvision's `RandomResizedCrop.get_params` draws it.
 *
 * Up to ten times: area uniform in `scale` times the image's, aspect (width / height) log-uniform in `aspect`, sides `round(sqrt(area * aspect))` and
 * `round(sqrt(area / aspect))`; the first that fits is put at a whole-pixel place, all places alike. If none fits: the largest centred rectangle whose
 * aspect lies in the range; where that rounds to no pixel at all in torchvision, it has one here.
 *
 * Draws: area, aspect (per try), top, left.
 *
 * @see torchvision, transforms/transforms.py
 */
export function randomCropBox(
  { width, height }: { width: number; height: number },
  { scale, aspect }: { scale: readonly [number, number]; aspect: readonly [number, number] },
  rng: Rng,
): CropBox {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const area = width * height * rng.uniform(scale[0], scale[1]);
    const ratio = Math.exp(rng.uniform(Math.log(aspect[0]), Math.log(aspect[1])));
    const w = roundHalfEven(Math.sqrt(area * ratio));
    const h = roundHalfEven(Math.sqrt(area / ratio));
    if (w > 0 && w <= width && h > 0 && h <= height) {
      const top = rng.integer(0, height - h + 1);
      const left = rng.integer(0, width - w + 1);
      return { left, top, width: w, height: h };
    }
  }
  const ratio = width / height;
  const [w, h] =
    ratio < aspect[0]
      ? [width, Math.max(1, roundHalfEven(width / aspect[0]))]
      : ratio > aspect[1]
        ? [Math.max(1, roundHalfEven(height * aspect[1])), height]
        : [width, height];
  return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h };
}
