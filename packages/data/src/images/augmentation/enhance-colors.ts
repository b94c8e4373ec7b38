import type { RgbImage } from '../../sample.ts';
import { blendLevels } from './blend-levels.ts';
import { luma } from './grayscale.ts';
import { mapLevels } from './map-levels.ts';

/*
 * Three of Pillow's enhancements: each blends the picture with one that lacks something, away from which a factor above 1 leads. A factor of 0 gives
 * that other picture, 1 the picture itself. All are bit for bit as torchvision's adjust_brightness, adjust_contrast and adjust_saturation of Pillow's images.
 */

/** Blends with black. */
export function adjustBrightness(image: RgbImage, factor: number): RgbImage {
  return mapLevels(image, (v) => blendLevels(0, v, factor));
}

/** Blends with the level that is the mean of the pixels' {@link luma}, rounded. */
export function adjustContrast(image: RgbImage, factor: number): RgbImage {
  const { data } = image;
  let sum = 0;
  for (let i = 0; i < data.length; i += 3) sum += luma(data[i], data[i + 1], data[i + 2]);
  const mean = Math.trunc(sum / (data.length / 3) + 0.5);
  return mapLevels(image, (v) => blendLevels(mean, v, factor));
}

/** Blends every pixel with its {@link luma}. */
export function adjustSaturation({ width, height, data }: RgbImage, factor: number): RgbImage {
  const adjusted = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const gray = luma(data[i], data[i + 1], data[i + 2]);
    adjusted[i] = blendLevels(gray, data[i], factor);
    adjusted[i + 1] = blendLevels(gray, data[i + 1], factor);
    adjusted[i + 2] = blendLevels(gray, data[i + 2], factor);
  }
  return { width, height, data: adjusted };
}
