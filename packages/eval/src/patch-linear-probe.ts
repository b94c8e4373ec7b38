import { argMax, dispose, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { linear } from '@vitrail/ops';
import { confusionMatrix } from './confusion-matrix.ts';
import { fitLogisticRegression } from './logistic-regression.ts';
import { finiteValues, requireCount, requireLabels, requirePositive, requireShape } from './require-input.ts';
import { type SegmentationScores, segmentationScores } from './segmentation-scores.ts';
import { columnStatistics, standardize } from './standardize.ts';
import { takeValues } from './take-values.ts';

/** What {@link patchLinearProbe} takes. */
export type PatchLinearProbeOptions = {
  /** Patches to fit on, `[n, D]`; the caller's. */
  train: Tensor2D;
  /** `[n]`, in `[0, classCount)`: {@link patchLabels}. */
  trainLabels: ArrayLike<number>;
  /** Patches to score, `[m, D]`; the caller's. */
  test: Tensor2D;
  /** `[m]`, in `[0, classCount)`. */
  testLabels: ArrayLike<number>;
  classCount: number;
  /** Weight of the penalty. The default is the strength that came out best in the foreground demo of TIPS (scikit-learn's `C = 0.1`). */
  l2?: number;
};

/**
 * How well a linear map tells the classes of single patches apart: multinomial logistic regression on standardised features.
 *
 * Features have mean 0 and deviation 1 on `train` (a constant one becomes 0), then `W`, `b` minimise
 * `sum_i -log softmax(x_i W + b)[y_i] + l2/2 ||W||^2`: scikit-learn's `StandardScaler` and `LogisticRegression(C=1/l2)`. Zero start, no
 * randomness: the same features give the same scores.
 *
 * Deviations from the linear probe of DINOv2 (batch norm, 1x1 conv, upsampling to pixels, SGD): solved to the optimum (a mean gradient of
 * 1e-5, or 200 steps, which only a tiny `l2` needs), and scored on whole patches, so `pixelAccuracy` is the share of patches. Classes
 * that `train` lacks are never predicted.
 *
 * @returns the scores on `test`
 * @throws `shape-mismatch`, `missing-data` (nothing to fit or to score), `non-finite`, `invalid-argument` (a label or `l2` out of range)
 * @see Oquab et al. 2023 (DINOv2), section 7.4; TIPSv2, section 4.1
 * @example (await patchLinearProbe({ train, trainLabels, test, testLabels, classCount: 21 })).mIoU // 0.31
 */
export async function patchLinearProbe({
  train,
  trainLabels,
  test,
  testLabels,
  classCount,
  l2 = 10,
}: PatchLinearProbeOptions): Promise<SegmentationScores> {
  requireCount('patchLinearProbe', 'classCount', classCount);
  requirePositive('patchLinearProbe', 'l2', l2);
  requireShape('patchLinearProbe', 'train', train, ['n', 'D']);
  const [trainCount, width] = train.shape;
  requireShape('patchLinearProbe', 'test', test, ['m', width]);
  const [testCount] = test.shape;
  requireLabels('patchLinearProbe', 'trainLabels', trainLabels, { length: trainCount, classCount });
  requireLabels('patchLinearProbe', 'testLabels', testLabels, { length: testCount, classCount });
  const values = await finiteValues('patchLinearProbe', { train, test });

  // A class without examples has no finite bias: it is left out of the fit.
  const present = [...new Set(Array.from(trainLabels))].sort((a, b) => a - b);
  const places = new Map(present.map((label, place) => [label, place]));
  const targets = Int32Array.from(trainLabels, (label) => places.get(label) ?? 0);
  const statistics = columnStatistics(values.train, width);

  const x = tensor2d(standardize(values.train, statistics), [trainCount, width]);
  const map = await fitLogisticRegression(x, targets, { classCount: present.length, l2 }).finally(() => x.dispose());
  const largest = tidy(() => argMax(linear(tensor2d(standardize(values.test, statistics), [testCount, width]), map), 1)); // [m]
  dispose(map);
  const found = await takeValues(largest);
  const matrix = confusionMatrix(classCount);
  matrix.add(
    testLabels,
    found.map((place) => present[place]),
  );
  return segmentationScores(matrix);
}
