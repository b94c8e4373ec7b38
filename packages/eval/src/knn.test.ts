import { ones, type Rank, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import reference from '../fixtures/reference.json' with { type: 'json' };
import { knn } from './knn.ts';

/** Unit vectors whose cosine with (1, 0) is as given. */
const withCosines = (...cosines: number[]): Tensor2D => tensor2d(cosines.map((cosine) => [cosine, Math.sqrt(1 - cosine ** 2)]));

onBackend(['cpu', 'wasm'], () => {
  it.each([5, 20] as const)('finds the classes that scikit-learn finds with %s neighbours', (k) => {
    tidy(() => {
      const result = knn({
        train: sampleTensor<Rank.R2>([60, 5], 12),
        trainLabels: sampleLabels(60, 4, 13),
        test: sampleTensor<Rank.R2>([40, 5], 14),
        testLabels: reference.knn[k],
        classCount: 4,
        k,
      });
      expect(result).toEqual({ top1: 1 });
    });
  });

  it('weighs votes by softmax(cosine / temperature), among k neighbours only', () => {
    tidy(() => {
      const gallery = { train: withCosines(0.5, 0.9, 0.84, 0.84, 0.83), trainLabels: [2, 0, 1, 1, 1] };
      const winner = (k: number, temperature?: number) =>
        [0, 1, 2].find((label) => {
          const query = { test: tensor2d([[3, 0]]), testLabels: [label] };
          return knn({ ...gallery, ...query, classCount: 3, k, temperature }).top1 === 1;
        });
      // Votes relative to the nearest: 2 exp(-0.06 / 0.07) = 0.85 < 1, and with the fourth 0.85 + 0.37 > 1.
      expect([winner(1), winner(3), winner(4), winner(20)]).toEqual([0, 0, 1, 1]);
      expect(winner(3, 0.1)).toBe(1); // 2 exp(-0.6) = 1.1
      expect(winner(4, 0.01)).toBe(0);
    });
  });

  it('takes equal neighbours by index, and equal votes to the lower class', () => {
    tidy(() => {
      const query = { test: tensor2d([[1, 0]]), testLabels: [1], classCount: 3 };
      expect(knn({ train: withCosines(0.5, 0.5, 0.5), trainLabels: [1, 0, 0], ...query, k: 1 }).top1).toBe(1);
      expect(knn({ train: withCosines(0.5, 0.5), trainLabels: [2, 1], ...query, k: 2 }).top1).toBe(1);
      // The two nearest disagree; of the two at 0.5 the first, of class 2, decides.
      const decided = { train: withCosines(0.5, 0.5, 0.6, 0.6), trainLabels: [2, 0, 1, 2], testLabels: [2] };
      expect(knn({ ...query, ...decided, k: 3 }).top1).toBe(1);
    });
  });

  it('survives cosines far apart at a small temperature', () => {
    tidy(() => {
      const test = tensor2d([[1, 0]]);
      const settings = { test, testLabels: [1], classCount: 2, temperature: 1e-4 };
      expect(knn({ train: withCosines(-1, 0.99), trainLabels: [0, 1], ...settings }).top1).toBe(1);
    });
  });
});

it('refuses settings and labels that are none, and leaves nothing behind', () => {
  tidy(() => {
    const base = {
      train: ones<Rank.R2>([2, 3]),
      trainLabels: [0, 1],
      test: ones<Rank.R2>([1, 3]),
      testLabels: [0],
      classCount: 2,
    };
    expectNoLeak(() => {
      knn(base);
      return [];
    });
    expect(() => knn({ ...base, k: 0 })).toThrow('k is a whole number of at least 1, but 0 came');
    expect(() => knn({ ...base, temperature: 0 })).toThrow('temperature is a finite number above 0, but 0 came');
    expect(() => knn({ ...base, trainLabels: [0, 2] })).toThrow('trainLabels[1] is 2');
    expect(() => knn({ ...base, testLabels: [] })).toThrow('testLabels has one label for each of 1, but 0 came');
    expect(() => knn({ ...base, train: ones([0, 3]), trainLabels: [] })).toThrow('train needs at least one number');
    expect(() => knn({ ...base, test: ones([1, 4]) })).toThrow('test is [m, 3], but [1, 4] came');
    expect(() =>
      knn({
        ...base,
        train: tensor2d([
          [1, 2, 3],
          [0, Number.NaN, 0],
        ]),
      }),
    ).toThrow('train has NaN in row 1');
  });
});

/** `count` classes in `[0, classes)`, as `labels` of the fixture script. Call it in a tidy. */
function sampleLabels(count: number, classes: number, seed: number): Int32Array {
  return Int32Array.from(sampleTensor([count], seed).dataSync(), (value) => Math.floor(((value + 1) / 2) * classes));
}
