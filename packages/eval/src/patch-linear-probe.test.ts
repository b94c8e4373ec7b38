import { ones, type Rank, tensor2d } from '@tensorflow/tfjs-core';
import { expectClose, expectNoLeakAsync, onBackend, sampleTensor, tidyAsync } from '@vitrail/testing';
import { expect, it } from 'vitest';
import reference from '../fixtures/reference.json' with { type: 'json' };
import { fitLogisticRegression } from './logistic-regression.ts';
import { patchLinearProbe } from './patch-linear-probe.ts';
import { columnStatistics, standardize } from './standardize.ts';

const { train: trainValues, trainLabels, test: testValues, ...fits } = reference.patchLinearProbe;
const strengths = { weak: 0.1, strong: 10 } as const;

onBackend(['cpu', 'wasm'], () => {
  it.each(['weak', 'strong'] as const)('finds the weights and classes that scikit-learn finds, %s penalty', async (name) => {
    await tidyAsync(async () => {
      // Classes 0, 2, 3, 5 of 6 have examples, feature 3 never varies, feature 5 is a thousand times larger.
      const values = Float32Array.from(trainValues);
      const x = tensor2d(standardize(values, columnStatistics(values, 8)), [150, 8]);
      const places = trainLabels.map((label) => [0, 2, 3, 5].indexOf(label));
      const { kernel, bias } = await fitLogisticRegression(x, places, { classCount: 4, l2: strengths[name] });
      expectClose(kernel, fits[name].kernel, 5e-4);
      expectClose(bias ?? [], fits[name].bias, 5e-4);

      const probe = await patchLinearProbe({
        train: tensor2d(trainValues, [150, 8]),
        trainLabels,
        test: tensor2d(testValues, [80, 8]),
        testLabels: fits[name].predicted,
        classCount: 6,
        l2: strengths[name],
      });
      expect(probe.pixelAccuracy).toBe(1);
      expect(probe.mIoU).toBe(1);
    });
  });

  it('learns the midpoint between two classes', async () => {
    await tidyAsync(async () => {
      const settings = { train: tensor2d([[0], [1], [4], [5]]), trainLabels: [0, 0, 1, 1], classCount: 3 };
      const { pixelAccuracy, mIoU, iou } = await patchLinearProbe({
        ...settings,
        test: tensor2d([[2.4], [2.6], [-100], [100]]),
        testLabels: [0, 1, 0, 0],
      });
      expect(pixelAccuracy).toBe(0.75);
      expect(iou).toEqual([2 / 3, 0.5, undefined]);
      expectClose([mIoU], [7 / 12]);
    });
  });

  it('can only say what it has seen, and scores what it has not as wrong', async () => {
    await tidyAsync(async () => {
      const one = { train: sampleTensor<Rank.R2>([6, 3]), trainLabels: [2, 2, 2, 2, 2, 2], classCount: 4 };
      const scores = await patchLinearProbe({ ...one, test: sampleTensor([4, 3], 2), testLabels: [2, 2, 3, 2] });
      expect(scores.pixelAccuracy).toBe(0.75);
    });
  });

  it('does without features that say anything: the commonest class everywhere', async () => {
    await tidyAsync(async () => {
      const settings = { train: ones<Rank.R2>([5, 3]), trainLabels: [0, 1, 1, 1, 0], classCount: 2 };
      const { pixelAccuracy } = await patchLinearProbe({ ...settings, test: sampleTensor([4, 3]), testLabels: [1, 1, 1, 1] });
      expect(pixelAccuracy).toBe(1);
    });
  });
});

it('refuses labels and features that cannot be used, and leaves nothing behind', async () => {
  await tidyAsync(async () => {
    const base = {
      train: ones<Rank.R2>([2, 3]),
      trainLabels: [0, 1],
      test: ones<Rank.R2>([1, 3]),
      testLabels: [0],
      classCount: 2,
    };
    await expectNoLeakAsync(async () => {
      await patchLinearProbe(base);
      return [];
    });
    await expect(patchLinearProbe({ ...base, l2: 0 })).rejects.toThrow('l2 is a finite number above 0, but 0 came');
    await expect(patchLinearProbe({ ...base, trainLabels: [0, 2] })).rejects.toThrow('trainLabels[1] is 2');
    await expect(patchLinearProbe({ ...base, testLabels: [-1] })).rejects.toThrow('testLabels[0] is -1');
    await expect(patchLinearProbe({ ...base, trainLabels: [0] })).rejects.toThrow(
      'trainLabels has one label for each of 2, but 1 came',
    );
    await expect(patchLinearProbe({ ...base, test: ones([0, 3]), testLabels: [] })).rejects.toThrow(
      'test needs at least one number',
    );
    await expect(patchLinearProbe({ ...base, test: ones([1, 2]) })).rejects.toThrow('test is [m, 3], but [1, 2] came');
    await expect(patchLinearProbe({ ...base, test: tensor2d([[0, Number.NaN, 1]]) })).rejects.toThrow('test has NaN in row 0');
  });
});
