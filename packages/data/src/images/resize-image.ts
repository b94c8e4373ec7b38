import { VitrailError } from '@vitrail/core';
import type { RgbImage } from '../sample.ts';
import { requireImage } from './require-image.ts';
import { type ResampleFilter, resampleTaps, type Taps } from './resample.ts';

/** Bits after the point of Pillow's fixed-point weights: 8-bit values and overshooting weights must fit in 32 bits. */
const PRECISION = 32 - 8 - 2;

/**
 * Resizes to `width` by `height` pixels, bit for bit as Pillow's `Image.resize` does: horizontally, then vertically, anti-aliased when shrinking,
 * rounded and clipped to 8 bits after each pass. (Since version 13 Pillow goes vertically first where the height shrinks much more than the width. That
 * changes some bilinear values by 1; of bicubic ones, which are clipped in between, those at hard edges by 15 and more. Released models were measured
 * with earlier versions. Where the shape stays nothing changes.)
 *
 * @param options.filter `'bilinear'` unless said otherwise.
 * @returns a new image, also when the size stays.
 * @throws `invalid-argument` for a size that is no whole number of at least 1.
 * @see Pillow, src/libImaging/Resample.c
 */
export function resizeImage(
  image: RgbImage,
  { width, height, filter = 'bilinear' }: { width: number; height: number; filter?: ResampleFilter },
): RgbImage {
  requireImage(image);
  for (const length of [width, height]) {
    if (!(Number.isInteger(length) && length >= 1)) {
      throw new VitrailError(
        'invalid-argument',
        `an image is resized to whole numbers of at least 1 pixel, but ${width} by ${height} came`,
      );
    }
  }
  const data = resizeLevels(image, {
    across: resampleTaps(image.width, width, filter),
    down: resampleTaps(image.height, height, filter),
  });
  return { width, height, data };
}

/** {@link resizeImage} to the outputs of these taps: `[outputs down, outputs across, 3]`. */
export function resizeLevels(image: RgbImage, { across, down }: { across: Taps; down: Taps }): Uint8Array {
  const width = across.start.length;
  // [height of the image, width, 3]: each pixel's channels lie 1 apart, each row's pixels 3.
  const wide = resampleLines(image.data, across, {
    lines: image.height,
    lineFrom: image.width * 3,
    lineTo: width * 3,
    group: 3,
  });
  // [height, width, 3]: as one line of rows, each a group of width * 3 values.
  return resampleLines(wide, down, { lines: 1, lineFrom: 0, lineTo: 0, group: width * 3 });
}

type Lines = { lines: number; lineFrom: number; lineTo: number; group: number };

/** Resamples every line of values, which come in groups (channels, or whole rows) that share their weights. */
function resampleLines(source: Uint8Array, taps: Taps, { lines, lineFrom, lineTo, group }: Lines): Uint8Array {
  const { start, count, stride } = taps;
  const weights = Int32Array.from(
    taps.weights,
    (weight) => Math.sign(weight) * Math.floor(Math.abs(weight) * 2 ** PRECISION + 0.5),
  );
  const result = new Uint8Array(lines * start.length * group);
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < start.length; i++) {
      for (let g = 0; g < group; g++) {
        let sum = 1 << (PRECISION - 1);
        let at = line * lineFrom + start[i] * group + g;
        for (let k = 0; k < count[i]; k++, at += group) sum = (sum + source[at] * weights[i * stride + k]) | 0;
        result[line * lineTo + i * group + g] = Math.min(Math.max(sum >> PRECISION, 0), 255);
      }
    }
  }
  return result;
}
