import type { Tensor4D } from '@tensorflow/tfjs-core';
import { resizeAlongBoth } from './resize-along-both.ts';

/**
 * Grids resized by bicubic interpolation, for position tables and patch kernels of CLIP and OpenCLIP, and for feature maps.
 *
 * Half-pixel centres, as PyTorch's `interpolate(mode='bicubic', align_corners=False)`: Keys' cubic with `a = -0.75` over the four nearest
 * positions, those beyond the border held at it. With `antialias` as `antialias=True` there: `a = -0.5`, widened when the grid shrinks, and
 * weights of positions beyond the border given to the others.
 *
 * @param grid `[B, h, w, C]`
 * @param size `[h', w']`
 * @param options.antialias false by default
 * @returns `[B, h', w', C]`, the caller's
 * @throws as `resizeBilinear`
 * @see "Cubic convolution interpolation for digital image processing", Keys 1981, eq. 4
 * @example resizeBicubic(ones([1, 16, 16, 8]), [24, 24]).shape // [1, 24, 24, 8]
 */
export function resizeBicubic(
  grid: Tensor4D,
  size: readonly [height: number, width: number],
  { antialias = false } = {},
): Tensor4D {
  return resizeAlongBoth('resizeBicubic', grid, size, antialias ? antialiasedWeights : clampedWeights);
}

/** Weights `[to * from]` of the four nearest positions, which are held at the border. */
function clampedWeights(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const centre = ((i + 0.5) * from) / to - 0.5;
    const left = Math.floor(centre);
    for (let j = left - 1; j <= left + 2; j++) {
      matrix[i * from + Math.min(Math.max(j, 0), from - 1)] += cubic(centre - j, -0.75);
    }
  }
  return matrix;
}

/** Weights `[to * from]` of a kernel as wide as the shrinking asks, rows summing to 1. */
function antialiasedWeights(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from);
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  for (let i = 0; i < to; i++) {
    const row = Array.from({ length: from }, (_, j) => cubic((j + 0.5 - (i + 0.5) * scale) / stretch, -0.5));
    const total = row.reduce((sum, weight) => sum + weight, 0);
    for (let j = 0; j < from; j++) matrix[i * from + j] = row[j] / total;
  }
  return matrix;
}

function cubic(x: number, a: number): number {
  const distance = Math.abs(x);
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
  return 0;
}
