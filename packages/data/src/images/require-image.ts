import { VitrailError } from '@vitrail/core';
import type { RgbImage } from '../sample.ts';

/** @throws `corrupt-data` unless the image has at least one pixel and as many values as its width and height say. */
export function requireImage({ width, height, data }: RgbImage): void {
  const isSound =
    Number.isInteger(width) && Number.isInteger(height) && width >= 1 && height >= 1 && data.length === width * height * 3;
  if (!isSound)
    throw new VitrailError(
      'corrupt-data',
      `an image of ${width} by ${height} pixels with ${data.length} values (3 per pixel are expected)`,
    );
}
