import { ones, type Rank, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { expectClose, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import reference from '../fixtures/reference.json' with { type: 'json' };
import { fitLogisticRegression } from './logistic-regression.ts';
import { patchLinearProbe } from './patch-linear-probe.ts';
import { columnStatistics, standardize } from './standardize.ts';

const { train: trainValues, trainLabels, test: testValues, ...fits } = reference.patchLinearProbe;
const strengths = { weak: 0.1, strong: 10 } as const;

onBackend(['cpu', 'wasm'], () => {
  it.each(['weak', 'strong'] as const)('finds the weights and classes that scikit-learn finds, %s penalty', (name) => {
    tidy(() => {
      // Classes 0, 2, 3, 5 of 6 have examples, feature 3 never varies, feature 5 is a thousand times larger.
      const values = Float32Array.from(trainValues);
      const x = tensor2d(standardize(values, columnStatistics(values, 8)), [150, 8]);
      const places = trainLabels.map((label) => [0, 2, 3, 5].indexOf(label));
      const { kernel, bias } = fitLogisticRegression(x, places, { classCount: 4, l2: strengths[name] });
      expectClose(kernel, fits[name].kernel, 5e-4);
      expectClose(bias ?? [], fits[name].bias, 5e-4);

      const probe = patchLinearProbe({
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

  it('learns the midpoint between two classes', () => {
    tidy(() => {
      const settings = { train: tensor2d([[0], [1], [4], [5]]), trainLabels: [0, 0, 1, 1], classCount: 3 };
      const { pixelAccuracy, mIoU, iou } = patchLinearProbe({
        ...settings,
        test: tensor2d([[2.4], [2.6], [-100], [100]]),
        testLabels: [0, 1, 0, 0],
      });
      expect(pixelAccuracy).toBe(0.75);
      expect(iou).toEqual([2 / 3, 0.5, undefined]);
      expectClose([mIoU], [7 / 12]);
    });
  });

  it('can only say what it has seen, and scores what it has not as wrong', () => {
    tidy(() => {
      const one = { train: sampleTensor<Rank.R2>([6, 3]), trainLabels: [2, 2, 2, 2, 2, 2], classCount: 4 };
      const scores = patchLinearProbe({ ...one, test: sampleTensor([4, 3], 2), testLabels: [2, 2, 3, 2] });
      expect(scores.pixelAccuracy).toBe(0.75);
    });
  });

  it('does without features that say anything: the commonest class everywhere', () => {
    tidy(() => {
      const settings = { train: ones<Rank.R2>([5, 3]), trainLabels: [0, 1, 1, 1, 0], classCount: 2 };
      expect(patchLinearProbe({ ...settings, test: sampleTensor([4, 3]), testLabels: [1, 1, 1, 1] }).pixelAccuracy).toBe(1);
    });
  });
});

it('refuses labels and features that cannot be used, and leaves nothing behind', () => {
  tidy(() => {
    const base = {
      train: ones<Rank.R2>([2, 3]),
      trainLabels: [0, 1],
      test: ones<Rank.R2>([1, 3]),
      testLabels: [0],
      classCount: 2,
    };
    expectNoLeak(() => {
      patchLinearProbe(base);
      return [];
    });
    expect(() => patchLinearProbe({ ...base, l2: 0 })).toThrow('l2 is a finite number above 0, but 0 came');
    expect(() => patchLinearProbe({ ...base, trainLabels: [0, 2] })).toThrow('trainLabels[1] is 2');
    expect(() => patchLinearProbe({ ...base, testLabels: [-1] })).toThrow('testLabels[0] is -1');
    expect(() => patchLinearProbe({ ...base, trainLabels: [0] })).toThrow('trainLabels has one label for each of 2, but 1 came');
    expect(() => patchLinearProbe({ ...base, test: ones([0, 3]), testLabels: [] })).toThrow('test needs at least one number');
    expect(() => patchLinearProbe({ ...base, test: ones([1, 2]) })).toThrow('test is [m, 3], but [1, 2] came');
    expect(() => patchLinearProbe({ ...base, test: tensor2d([[0, Number.NaN, 1]]) })).toThrow('test has NaN in row 0');
  });
});
