import { VitrailError } from '@vitrail/core';
import type { RgbImage } from '../sample.ts';
import { requireImage } from './require-image.ts';
import type { ResampleFilter } from './resample.ts';
import { resampleCrop } from './resample-crop.ts';

/**
 * The whole image resized to a square of `size` by `size` pixels, whatever its shape, for evaluation: `[size, size, 3]` in `[0, 1]`, anti-aliased.
 *
 * TIPS evaluates so, bilinearly and without mean or standard deviation (google-deepmind/tips, pytorch/run_image_encoder_inference.py).
 *
 * @throws `invalid-argument` for a size that is no whole number of at least 1; `corrupt-data` for an image without pixels.
 * @example prepareImage(sample.image, 224).length // 150528
 */
export function prepareImage(image: RgbImage, size: number, filter: ResampleFilter = 'bilinear'): Float32Array {
  if (!(Number.isInteger(size) && size >= 1)) {
    throw new VitrailError('invalid-argument', `the size of a prepared image is a whole number of at least 1, but ${size} came`);
  }
  requireImage(image);
  const into = new Float32Array(size * size * 3);
  resampleCrop(image, { left: 0, top: 0, width: image.width, height: image.height }, { size, filter, flip: false, into, at: 0 });
  return into;
}
