import type { RgbImage } from '../sample.ts';
import { type ResampleFilter, resampleTaps, type Taps } from './resample.ts';

/** A rectangle of whole pixels inside an image. */
export type CropBox = { readonly left: number; readonly top: number; readonly width: number; readonly height: number };

/** How {@link resampleCrop} makes its square, and where it writes it. */
export type CropTarget = {
  /** Side of the square, in pixels. */
  readonly size: number;
  readonly filter: ResampleFilter;
  /** Whether left and right change places. */
  readonly flip: boolean;
  readonly into: Float32Array;
  /** Where in `into` the `[size, size, 3]` values begin. */
  readonly at: number;
};

/**
 * Cuts `box` out of the image and resizes it to a square of values in `[0, 1]` (sRGB value / 255), anti-aliased, as Pillow would but without rounding
 * to 8 bits on the way; what a bicubic kernel overshoots is clipped at the end. Pixels outside the box have no influence.
 */
export function resampleCrop(image: RgbImage, box: CropBox, { size, filter, flip, into, at }: CropTarget): void {
  const taps = { across: resampleTaps(box.width, size, filter), down: resampleTaps(box.height, size, filter) };
  resampleBox(image, box, taps, { flip, into, at });
}

/** {@link resampleCrop} to the outputs of these taps, `[outputs down, outputs across, 3]`. */
export function resampleBox(
  image: RgbImage,
  box: CropBox,
  { across, down }: { across: Taps; down: Taps },
  { flip, into, at }: Pick<CropTarget, 'flip' | 'into' | 'at'>,
): void {
  const { data } = image;
  const width = across.start.length;
  const rowLength = width * 3;

  const wide = new Float32Array(box.height * rowLength); // [box.height, width, 3]
  for (let y = 0; y < box.height; y++) {
    const from = ((box.top + y) * image.width + box.left) * 3;
    for (let x = 0; x < width; x++) {
      const tap = x * across.stride;
      const taps = across.count[x];
      let pixel = from + across.start[x] * 3;
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let k = 0; k < taps; k++, pixel += 3) {
        const weight = across.weights[tap + k];
        red += weight * data[pixel];
        green += weight * data[pixel + 1];
        blue += weight * data[pixel + 2];
      }
      const to = y * rowLength + (flip ? width - 1 - x : x) * 3;
      wide[to] = red;
      wide[to + 1] = green;
      wide[to + 2] = blue;
    }
  }

  for (let y = 0; y < down.start.length; y++) {
    const to = at + y * rowLength;
    into.fill(0, to, to + rowLength);
    for (let k = 0; k < down.count[y]; k++) {
      const weight = down.weights[y * down.stride + k] / 255;
      const from = (down.start[y] + k) * rowLength;
      for (let i = 0; i < rowLength; i++) into[to + i] += weight * wide[from + i];
    }
    for (let i = to; i < to + rowLength; i++) into[i] = Math.min(Math.max(into[i], 0), 1);
  }
}
