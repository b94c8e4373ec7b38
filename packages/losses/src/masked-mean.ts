import {
  cast,
  div,
  maximum,
  minimum,
  mul,
  type Scalar,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tidy,
} from '@tensorflow/tfjs-core';
import { requireShape } from '@vitrail/core';

/**
 * The mean of the marked values of each sample, then over the samples that have any: every sample counts the same, however many it marks.
 *
 * `mean_b (sum_i m[b, i] x[b, i] / sum_i m[b, i])` over the b with a mark; 0 when there is none
 *
 * Deviation from iBOT's code: samples without a mark are left out, there they count as 0.
 *
 * @param values `[B, N]`
 * @param mask `[B, N]`, 1 for a value that counts, else 0, of any type
 * @returns a scalar, the caller's
 * @throws `shape-mismatch` for values that are not `[B, N]` or a mask of another shape
 * @example maskedMean(tensor2d([[1, 2], [5, 9]]), tensor2d([[1, 1], [1, 0]])).dataSync()[0] // 3.25
 */
export function maskedMean(values: Tensor2D, mask: Tensor): Scalar {
  requireShape('maskedMean', 'values', values, ['B', 'N']);
  requireShape('maskedMean', 'mask', mask, values.shape);
  return tidy(() => {
    const marks = cast(mask, 'float32');
    const samples = sum(minimum(sum(marks, 1), 1));
    return div(sum<Scalar>(sampleMeans(values, marks)), maximum(samples, 1));
  });
}

/** The mean of the marked values of each sample, `[B]`; 0 for a sample without a mark. */
export function sampleMeans(values: Tensor2D, marks: Tensor): Tensor1D {
  return div(sum<Tensor1D>(mul(values, marks), 1), maximum(sum(marks, 1), 1));
}
