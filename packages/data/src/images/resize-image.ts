import { VitrailError } from '@vitrail/core';
import type { RgbImage } from '../sample.ts';
import { requireImage } from './require-image.ts';
import { type ResampleFilter, resampleTaps, type Taps } from './resample.ts';

/** Bits after the point of Pillow's fixed-point weights: 8-bit values and overshooting weights must fit in 32 bits. */
const PRECISION = 32 - 8 - 2;
/** What a sum starts from, so that cutting off the bits behind the point rounds. */
const HALF = 1 << (PRECISION - 1);

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
  return resizeDown(resizeAcross(image, across), across.start.length * 3, down);
}

/** `[height of the image, outputs, 3]` */
function resizeAcross({ width, height, data }: RgbImage, taps: Taps): Uint8Array {
  const { start, count, stride } = taps;
  const weights = fixedPoint(taps.weights);
  const outputs = start.length;
  const result = new Uint8Array(height * outputs * 3);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < outputs; x++, to += 3) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      let from = (y * width + start[x]) * 3;
      const end = x * stride + count[x];
      for (let k = x * stride; k < end; k++, from += 3) {
        const weight = weights[k];
        red = (red + Math.imul(weight, data[from])) | 0;
        green = (green + Math.imul(weight, data[from + 1])) | 0;
        blue = (blue + Math.imul(weight, data[from + 2])) | 0;
      }
      result[to] = toLevel(red);
      result[to + 1] = toLevel(green);
      result[to + 2] = toLevel(blue);
    }
  }
  return result;
}

/** `[outputs, rowLength]` of rows of `rowLength` levels. */
function resizeDown(rows: Uint8Array, rowLength: number, taps: Taps): Uint8Array {
  const { start, count, stride } = taps;
  const weights = fixedPoint(taps.weights);
  const result = new Uint8Array(start.length * rowLength);
  const sums = new Int32Array(rowLength);
  for (let y = 0; y < start.length; y++) {
    sums.fill(HALF);
    for (let k = 0; k < count[y]; k++) {
      const weight = weights[y * stride + k];
      const from = (start[y] + k) * rowLength;
      for (let i = 0; i < rowLength; i++) sums[i] += Math.imul(weight, rows[from + i]);
    }
    for (let i = 0; i < rowLength; i++) result[y * rowLength + i] = toLevel(sums[i]);
  }
  return result;
}

function fixedPoint(weights: Float64Array): Int32Array {
  return Int32Array.from(weights, (weight) => Math.sign(weight) * Math.floor(Math.abs(weight) * 2 ** PRECISION + 0.5));
}

function toLevel(sum: number): number {
  return Math.min(Math.max(sum >> PRECISION, 0), 255);
}
