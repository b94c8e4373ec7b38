import { div, sub, type Tensor4D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import type { PixelStatistics } from '@vitrail/data';

/** Pictures in [0, 1] with a preparation's means taken off and divided by its deviations, `[B, H, W, 3]`; the caller's. */
export function normalizePictures(pictures: Tensor4D, { mean, deviation }: PixelStatistics): Tensor4D {
  return tidy(() => div(sub(pictures, tensor1d([...mean])), tensor1d([...deviation])));
}
