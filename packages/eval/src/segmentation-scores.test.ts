import { expectClose } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import reference from '../fixtures/reference.json' with { type: 'json' };
import { confusionMatrix } from './confusion-matrix.ts';
import { segmentationScores } from './segmentation-scores.ts';

function scoresOf(classCount: number, truth: number[], predicted: number[]) {
  const matrix = confusionMatrix(classCount);
  matrix.add(truth, predicted);
  return segmentationScores(matrix);
}

describe('confusionMatrix', () => {
  it('counts truth in rows and prediction in columns, over several calls, and leaves ignored places out', () => {
    const matrix = confusionMatrix(3);
    matrix.add(Uint8Array.of(0, 0, 255, 2), Uint8Array.of(0, 1, 1, 2), { ignore: [255] });
    matrix.add([2, 1, 254, 255], [0, 0, 9, Number.NaN], { ignore: [254, 255, 1] });
    expect([...matrix.counts]).toEqual([1, 1, 0, 0, 0, 0, 1, 0, 1]);
  });

  it('refuses labels out of range without counting any', () => {
    const matrix = confusionMatrix(3);
    expect(() => matrix.add([0, 1], [0])).toThrow('of one length, but 2 and 1 came');
    expect(() => matrix.add([0, 255], [0, 0])).toThrow('a true label is 255, but labels are whole numbers from 0 to 2');
    expect(() => matrix.add([0, 1], [0, 3])).toThrow('a predicted label is 3');
    expect(() => matrix.add([0, -1], [0, 0])).toThrow('a true label is -1');
    expect(() => matrix.add([0, 0.5], [0, 0])).toThrow('a true label is 0.5');
    expect([...matrix.counts]).toEqual(new Array(9).fill(0));
    expect(() => confusionMatrix(0)).toThrow('classCount is a whole number of at least 1');
  });
});

describe('segmentationScores', () => {
  it('agrees with scikit-learn, leaving out classes that are nowhere', () => {
    const { truth, predicted, counts, iou, mIoU, pixelAccuracy } = reference.segmentationScores;
    const matrix = confusionMatrix(6);
    matrix.add(truth, predicted);
    expect([...matrix.counts]).toEqual(counts);
    const scores = segmentationScores(matrix);
    expectClose([scores.mIoU, scores.pixelAccuracy], [mIoU, pixelAccuracy], 1e-8);
    expectClose(
      [0, 1, 2, 4].map((c) => scores.iou[c] ?? Number.NaN),
      iou,
      1e-8,
    );
    expect([scores.iou[3], scores.iou[5]]).toEqual([undefined, undefined]);
  });

  it('counts a class that is only predicted, with 0', () => {
    // Class 0: 2 of 3; class 1: nothing of 1; class 2 is nowhere.
    const scores = scoresOf(3, [0, 0, 0], [0, 0, 1]);
    expect(scores.iou).toEqual([2 / 3, 0, undefined]);
    expect(scores.mIoU).toBeCloseTo(1 / 3, 12);
  });

  it('is 1 for the truth itself', () => {
    expect(scoresOf(4, [0, 1, 3, 3], [0, 1, 3, 3])).toMatchObject({ mIoU: 1, pixelAccuracy: 1 });
  });

  it('takes the best constant map for chance where one class fills most', () => {
    // Shares 0.8, 0.2, 0: the constant map scores 0.8 / 2.
    const truth = [0, 0, 0, 0, 1];
    expect(scoresOf(3, truth, truth).chance.mIoU).toBeCloseTo(0.4, 12);
    // The chance of the constant map is what the constant map scores.
    expect(scoresOf(3, truth, [0, 0, 0, 0, 0]).mIoU).toBeCloseTo(0.4, 12);
  });

  it('takes uniform guessing for chance where the classes are balanced', () => {
    // Four classes of 1/4: a constant map scores 1/16, guessing (1/16) / (1/4 + 1/4 - 1/16) = 1/7.
    const truth = Array.from({ length: 64 }, (_, i) => i % 4);
    expect(scoresOf(4, truth, truth).chance.mIoU).toBeCloseTo(1 / 7, 12);
    // Every class guessed equally often in each class is uniform guessing.
    const guesses = truth.map((_, i) => Math.floor(i / 4) % 4);
    expect(scoresOf(4, truth, guesses).mIoU).toBeCloseTo(1 / 7, 12);
    // A fifth class that is not there takes a fifth of the guesses and scores 0: 4/5 of (1/20) / (1/4 + 1/5 - 1/20).
    const fifth = Array.from({ length: 100 }, (_, i) => i % 4);
    const guessed = fifth.map((_, i) => Math.floor(i / 4) % 5);
    expect(scoresOf(5, fifth, guessed).mIoU).toBeCloseTo(0.1, 12);
    expect(scoresOf(5, fifth, guessed).chance.mIoU).toBeCloseTo(0.1, 12);
  });

  it('refuses a matrix without counts', () => {
    expect(() => segmentationScores(confusionMatrix(2))).toThrow('nothing was counted');
  });
});
