import { paintHeatMap, type Rgb } from '@vitrail/paint';
import { toImageData } from '../pictures/to-image-data.ts';
import type { Result } from './look-results.ts';
import type { View } from './look-settings.ts';

/** What lies over the picture: as many pixels as it has values, which whoever draws it enlarges. */
export type Layer = {
  readonly pixels: ImageData;
  /** Whether colours stand for values: they are read more easily over a picture without colours. */
  readonly isHeatMap: boolean;
};

/** The nearest word of every pixel, in its colour. */
export function segmentationLayer({ look, picture }: Result): Layer {
  const { width, height } = picture.bitmap;
  return { pixels: paintedLabels(look.labels, look.colors, width, height), isHeatMap: false };
}

/** The cosine of a word, or of a patch, with every patch. */
export function heatMapLayer(values: Float32Array, { rows, columns }: { rows: number; columns: number }): Layer {
  return { pixels: toImageData({ width: columns, height: rows, data: paintHeatMap(values) }), isHeatMap: true };
}

/** Principal components of the patches as colours. */
export function componentsLayer({ look }: Result): Layer {
  const data = Uint8Array.from(look.principal, (value) => Math.round(255 * value));
  return { pixels: toImageData({ width: look.columns, height: look.rows, data }), isHeatMap: false };
}

/** The cosines of a word with every patch, `[rows * columns]`. */
export function wordCosines({ look }: Result, word: number): Float32Array {
  const count = look.rows * look.columns;
  return look.cosines.subarray(word * count, (word + 1) * count);
}

/** The cosines of a patch with every patch, `[rows * columns]`. */
export function patchCosines({ look }: Result, patch: number): Float32Array {
  const count = look.rows * look.columns;
  const width = look.patches.length / count;
  const cosines = new Float32Array(count);
  for (let other = 0; other < count; other++) {
    for (let i = 0; i < width; i++) cosines[other] += look.patches[patch * width + i] * look.patches[other * width + i];
  }
  return cosines;
}

/** The view that can be shown of a result: no segmentation with one word, and without words only what patches are among themselves. */
export function possibleView({ look }: Result, wanted: View): View {
  const count = look.scores.length;
  if (wanted === 'segmentation' && count < 2) return count === 1 ? 'heat-map' : 'components';
  return wanted === 'heat-map' && count === 0 ? 'components' : wanted;
}

/** The layer of a view. */
export function layerOf(result: Result, view: View, { word, patch }: { readonly word: number; readonly patch: number }): Layer {
  if (view === 'segmentation') return segmentationLayer(result);
  if (view === 'components') return componentsLayer(result);
  const values =
    view === 'patch' ? patchCosines(result, patch) : wordCosines(result, Math.min(word, result.look.scores.length - 1));
  return heatMapLayer(values, result.look);
}

function paintedLabels(labels: Uint8Array, colors: readonly Rgb[], width: number, height: number): ImageData {
  const pixels = new ImageData(width, height);
  const packed = Uint32Array.from(colors, ([red, green, blue]) => (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0);
  const all = new Uint32Array(pixels.data.buffer);
  for (let i = 0; i < labels.length; i++) all[i] = packed[labels[i]];
  return pixels;
}
