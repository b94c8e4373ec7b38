import { add, cast, div, floor, mul, ones, type Rank, type Tensor1D, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { takeRows } from '@vitrail/ops';
import { expectClose, expectNoLeakAsync, onBackend, sampleTensor, tidyAsync } from '@vitrail/testing';
import { expect, it } from 'vitest';
import reference from '../fixtures/reference.json' with { type: 'json' };

import { zeroShotClassification } from './zero-shot-classification.ts';

onBackend(['cpu', 'wasm'], () => {
  it('agrees with scikit-learn: top-1, top-5, and balanced accuracy for classes of different sizes', async () => {
    await tidyAsync(async () => {
      const classes = sampleTensor<Rank.R2>([8, 6], 15);
      const truth = sampleLabels(50, 7, 16); // class 7 has no pictures
      const features = add(sampleTensor<Rank.R2>([50, 6], 17), mul(takeRows(classes, truth), 0.8)) as Tensor2D;
      const { top1, top5, meanPerClass } = await zeroShotClassification({ features, classes, labels: truth.dataSync() });
      const expected = reference.zeroShotClassification;
      expectClose([top1, top5 ?? 0, meanPerClass], [expected.top1, expected.top5, expected.meanPerClass], 1e-8);
    });
  });

  it('weighs classes alike in meanPerClass, pictures alike in top1', async () => {
    await tidyAsync(async () => {
      const classes = tensor2d([
        [1, 0],
        [0, 1],
      ]);
      const features = tensor2d([
        [5, 1],
        [4, 3],
        [2, 9],
        [3, 2],
      ]);
      // Nearest: 0, 0, 1, 0. Class 0: 2 of 3; class 1: 0 of 1.
      const scores = await zeroShotClassification({ features, classes, labels: [0, 0, 0, 1] });
      expect(scores).toEqual({ top1: 0.5, meanPerClass: 1 / 3 });
    });
  });

  it('ranks equal cosines by class, so that a model that sees no difference is not always right', async () => {
    await tidyAsync(async () => {
      const scores = await zeroShotClassification({ features: ones([6, 2]), classes: ones([6, 2]), labels: [0, 1, 2, 3, 4, 5] });
      expectClose([scores.top1, scores.top5 ?? 0, scores.meanPerClass], [1 / 6, 5 / 6, 1 / 6]);
      // Among five classes every one is in the top five.
      expect(await zeroShotClassification({ features: ones([1, 2]), classes: ones([5, 2]), labels: [3] })).toEqual({
        top1: 0,
        meanPerClass: 0,
      });
    });
  });
});

it('refuses labels out of range and shapes that do not fit, and leaves nothing behind', async () => {
  await tidyAsync(async () => {
    const [features, classes] = [ones<Rank.R2>([2, 3]), ones<Rank.R2>([4, 3])];
    await expectNoLeakAsync(async () => {
      await zeroShotClassification({ features, classes, labels: [0, 1] });
      return [];
    });
    await expect(zeroShotClassification({ features, classes, labels: [0, 4] })).rejects.toThrow('labels[1] is 4');
    await expect(zeroShotClassification({ features, classes, labels: [0] })).rejects.toThrow(
      'one label for each of 2, but 1 came',
    );
    await expect(zeroShotClassification({ features, classes: ones([4, 2]), labels: [0, 1] })).rejects.toThrow(
      'classes is [C, 3]',
    );
    await expect(zeroShotClassification({ features: ones([0, 3]), classes, labels: [] })).rejects.toThrow(
      'features needs at least one',
    );
  });
});

/** `count` classes in `[0, classes)`, as `labels` of the fixture script. Call it in a tidy. */
function sampleLabels(count: number, classes: number, seed: number): Tensor1D {
  return cast(floor(mul(div(add(sampleTensor<Rank.R1>([count], seed), 1), 2), classes)), 'int32');
}
