import type { Tensor4D } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { resizeAlongBoth } from './resize-along-both.ts';

/** How {@link resizeBicubic} interpolates. */
export type BicubicOptions = {
  /** Whether the kernel is as wide as the shrinking asks. False by default. */
  readonly antialias?: boolean;
  /**
   * Outputs lie `from / (to + offset)` inputs apart instead of `from / to`, also where a length stays: DINO and DINOv2 give PyTorch a
   * `scale_factor` of `(to + 0.1) / from`. At least 0, the default.
   */
  readonly offset?: number;
};

/**
 * Grids resized by bicubic interpolation, for position tables and patch kernels of CLIP and OpenCLIP, and for feature maps.
 *
 * Half-pixel centres, as PyTorch's `interpolate(mode='bicubic', align_corners=False)`: Keys' cubic with `a = -0.75` over the four nearest
 * positions, those beyond the border held at it. With `antialias` as `antialias=True` there: `a = -0.5`, widened when the grid shrinks, and
 * weights of positions beyond the border given to the others.
 *
 * @param grid `[B, h, w, C]`
 * @param size `[h', w']`
 * @returns `[B, h', w', C]`, the caller's
 * @throws as `resizeBilinear`; `invalid-argument` for an offset below 0
 * @see "Cubic convolution interpolation for digital image processing", Keys 1981, eq. 4
 * @example resizeBicubic(ones([1, 16, 16, 8]), [24, 24]).shape // [1, 24, 24, 8]
 */
export function resizeBicubic(
  grid: Tensor4D,
  size: readonly [height: number, width: number],
  { antialias = false, offset = 0 }: BicubicOptions = {},
): Tensor4D {
  if (!(offset >= 0)) throw new VitrailError('invalid-argument', `resizeBicubic: an offset is at least 0, but ${offset} came`);
  const weights = antialias ? antialiasedWeights : clampedWeights;
  return resizeAlongBoth('resizeBicubic', grid, size, (from, to) =>
    from === to && offset === 0 ? undefined : weights(from, to, from / (to + offset)),
  );
}

/** Weights `[to * from]` of the four nearest positions, which are held at the border. */
function clampedWeights(from: number, to: number, step: number): Float32Array {
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * step - 0.5;
    const left = Math.floor(centre);
    for (let j = left - 1; j <= left + 2; j++) {
      matrix[i * from + Math.min(Math.max(j, 0), from - 1)] += cubic(centre - j, -0.75);
    }
  }
  return matrix;
}

/** Weights `[to * from]` of a kernel as wide as the shrinking asks, rows summing to 1. */
function antialiasedWeights(from: number, to: number, step: number): Float32Array {
  const matrix = new Float32Array(to * from);
  const stretch = Math.max(step, 1);
  for (let i = 0; i < to; i++) {
    const row = Array.from({ length: from }, (_, j) => cubic((j + 0.5 - (i + 0.5) * step) / stretch, -0.5));
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
