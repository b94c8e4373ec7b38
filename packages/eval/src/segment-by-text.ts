import { type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { largestAtPixels } from './largest-at-pixels.ts';
import { finiteValues } from './require-input.ts';
import { textCosines } from './text-cosines.ts';

/**
 * The nearest class of every pixel: cosines of patches and class texts, enlarged to the picture by bilinear interpolation (half-pixel
 * centres), and the largest taken. No temperature, no threshold, no post-processing.
 *
 * Where the picture has fewer pixels than the grid has patches the maps shrink with anti-aliasing, which the reference (PyTorch's
 * `interpolate`) would not do. Equal cosines go to the lower class.
 *
 * @param patches `[1, rows, columns, D]` of one picture, any length; the caller's
 * @param classes `[C, D]`, as {@link classEmbeddings} gives them, C at most 256 (a label is one byte); the caller's. They are normalised again
 * @param size `[height, width]` of the picture in pixels
 * @returns `[height * width]`, row-major class indices
 * @throws `shape-mismatch`, `missing-data` (an empty axis), `non-finite`, `invalid-argument` (a size that is none, too many classes)
 * @see TIPSv2, section 4.1 and figure 6; `predict_whole` of its zero-shot segmentation notebook
 * @example (await segmentByText(ones([1, 8, 8, 64]), classes, [64, 64])).length // 4096
 */
export async function segmentByText(
  patches: Tensor4D,
  classes: Tensor2D,
  size: readonly [height: number, width: number],
): Promise<Uint8Array> {
  const cosines = tidy(() => textCosines('segmentByText', patches, classes)); // [rows, columns, C]
  try {
    await finiteValues('segmentByText', { patches, classes });
    return await largestAtPixels('segmentByText', cosines, size);
  } finally {
    cosines.dispose();
  }
}
