import { VitrailError } from '@vitrail/core';
import { requireCount, requireLabel } from './require-input.ts';

/** How often each true class was predicted as each class. */
export type ConfusionMatrix = {
  readonly classCount: number;
  /** `[classCount * classCount]`, row-major: `counts[truth * classCount + predicted]`. */
  readonly counts: Float64Array;
  /**
   * Counts pixels (or patches, or pictures): `truth` and `predicted` are of one length, labels in `[0, classCount)`. Places where the truth
   * is one of `ignore` are left out, whatever was predicted there.
   *
   * @throws `shape-mismatch` when the lengths differ, `invalid-argument` for a label out of range; nothing is counted then
   */
  add(truth: ArrayLike<number>, predicted: ArrayLike<number>, options?: { ignore?: readonly number[] }): void;
};

/**
 * An empty confusion matrix; add label maps to it, then ask {@link segmentationScores}.
 *
 * @param classCount at least 1
 * @throws `invalid-argument` for a count that is none
 * @example
 * const matrix = confusionMatrix(3);
 * matrix.add([0, 1, 255, 2], [0, 1, 1, 0], { ignore: [255] });
 * matrix.counts // [1, 0, 0,  0, 1, 0,  1, 0, 0]
 */
export function confusionMatrix(classCount: number): ConfusionMatrix {
  requireCount('confusionMatrix', 'classCount', classCount);
  const counts = new Float64Array(classCount * classCount);
  return {
    classCount,
    counts,
    add(truth, predicted, { ignore = [] } = {}) {
      if (truth.length !== predicted.length) {
        throw new VitrailError(
          'shape-mismatch',
          `confusionMatrix: truth and predicted are of one length, but ${truth.length} and ${predicted.length} came`,
        );
      }
      const counted = (place: number) => !ignore.includes(truth[place]);
      for (let i = 0; i < truth.length; i++) {
        if (!counted(i)) continue;
        requireLabel('confusionMatrix', 'a true label', truth[i], classCount);
        requireLabel('confusionMatrix', 'a predicted label', predicted[i], classCount);
      }
      for (let i = 0; i < truth.length; i++) {
        if (counted(i)) counts[truth[i] * classCount + predicted[i]]++;
      }
    },
  };
}
