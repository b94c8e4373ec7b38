import type { RgbImage } from '../sample.ts';
import { centreOffset } from './centre-offset.ts';
import { type ImagePreparation, type ImageResize, preparedSize, requirePreparation } from './image-preparation.ts';
import { requireImage } from './require-image.ts';
import { type ResampleFilter, resampleTaps, type Taps } from './resample.ts';
import { resampleBox } from './resample-crop.ts';
import { resizeLevels } from './resize-image.ts';

/**
 * A picture as a model wants it: resized, cropped, and per channel `(value / 255 - mean) / deviation`, for evaluation.
 *
 * With `8-bit` arithmetic equal to the bit (before normalisation) to Pillow up to version 12 and torchvision's transforms of its pictures, and so
 * to open_clip, DINOv2 and TIPS' PyTorch inference; at most 1 of 255 levels from transformers, which resizes tensors. What a crop leaves out is
 * not computed.
 *
 * @returns `[size, size, 3]` with `size = preparedSize(preparation)`, ready for a tower
 * @throws `invalid-argument` for a preparation that cannot be; `corrupt-data` for an image without pixels.
 * @example prepareImage(sample.image, tipsPreparation(224)).length // 150528
 */
export function prepareImage(image: RgbImage, preparation: ImagePreparation): Float32Array {
  requirePreparation(preparation);
  requireImage(image);
  const { mean, deviation } = preparation;
  const size = preparedSize(preparation);
  const across = axisTaps(image.width, image.height, preparation);
  const down = axisTaps(image.height, image.width, preparation);
  const resized = resizedValues(image, { across: across.taps, down: down.taps }, preparation.arithmetic);

  const width = across.taps.start.length;
  const prepared = new Float32Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    const row = y - down.before;
    for (let x = 0; x < size; x++) {
      const column = x - across.before;
      const isInside = row >= 0 && row < down.taps.start.length && column >= 0 && column < width;
      const from = (row * width + column) * 3;
      for (let c = 0; c < 3; c++) {
        const value = isInside ? resized.values[from + c] / resized.scale : 0;
        prepared[(y * size + x) * 3 + c] = (value - mean[c]) / deviation[c];
      }
    }
  }
  return prepared;
}

/** The square's positions along one axis: how those that show the picture are made of it, and how many come before them. */
type Axis = { readonly taps: Taps; readonly before: number };

function axisTaps(length: number, other: number, { resize, filter }: { resize: ImageResize; filter: ResampleFilter }): Axis {
  if (resize.kind === 'square') return { taps: resampleTaps(length, resize.size, filter), before: 0 };
  const to = length <= other ? resize.size : Math.trunc((resize.size * length) / other);
  const offset = centreOffset(to, resize.crop, resize.rounding);
  const first = Math.max(offset, 0);
  const count = Math.min(offset + resize.crop, to) - first;
  return { taps: resampleTaps(length, to, filter, { first, count }), before: first - offset };
}

/** `[outputs down, outputs across, 3]`, divided by `scale` in `[0, 1]`. */
function resizedValues(
  whole: RgbImage,
  { across, down: allRows }: { across: Taps; down: Taps },
  arithmetic: ImagePreparation['arithmetic'],
): { values: Uint8Array | Float32Array; scale: number } {
  const { image, down } = rowsThatMatter(whole, allRows);
  const taps = { across, down };
  if (arithmetic === '8-bit') return { values: resizeLevels(image, taps), scale: 255 };
  const values = new Float32Array(taps.down.start.length * taps.across.start.length * 3);
  resampleBox(image, { left: 0, top: 0, width: image.width, height: image.height }, taps, { flip: false, into: values, at: 0 });
  return { values, scale: 1 };
}

/** The rows of the image that these taps read, and the taps that read them there. */
function rowsThatMatter({ width, data }: RgbImage, down: Taps): { image: RgbImage; down: Taps } {
  const last = down.start.length - 1;
  const top = down.start[0];
  const height = down.start[last] + down.count[last] - top;
  const rows = data.subarray(top * width * 3, (top + height) * width * 3);
  return { image: { width, height, data: rows }, down: { ...down, start: down.start.map((row) => row - top) } };
}
