import type { RgbImage } from '../../sample.ts';
import { mapLevels } from './map-levels.ts';

/** Every level of 128 and more becomes `255 - level`: Pillow's `ImageOps.solarize`. */
export function solarize(image: RgbImage): RgbImage {
  return mapLevels(image, (v) => (v < 128 ? v : 255 - v));
}
