import { ones, type Rank, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { expectNoLeakAsync, onBackend, sampleTensor, tidyAsync } from '@vitrail/testing';
import { expect, it } from 'vitest';
import reference from '../fixtures/reference.json' with { type: 'json' };
import { knn } from './knn.ts';

/** Unit vectors whose cosine with (1, 0) is as given. */
const withCosines = (...cosines: number[]): Tensor2D => tensor2d(cosines.map((cosine) => [cosine, Math.sqrt(1 - cosine ** 2)]));

onBackend(['cpu', 'wasm'], () => {
  it.each([5, 20] as const)('finds the classes that scikit-learn finds with %s neighbours', async (k) => {
    await tidyAsync(async () => {
      const result = await knn({
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

  it('weighs votes by softmax(cosine / temperature), among k neighbours only', async () => {
    await tidyAsync(async () => {
      const gallery = { train: withCosines(0.5, 0.9, 0.84, 0.84, 0.83), trainLabels: [2, 0, 1, 1, 1] };
      const winner = async (k: number, temperature?: number) => {
        for (const label of [0, 1, 2]) {
          const query = { test: tensor2d([[3, 0]]), testLabels: [label] };
          if ((await knn({ ...gallery, ...query, classCount: 3, k, temperature })).top1 === 1) return label;
        }
        return undefined;
      };
      // Votes relative to the nearest: 2 exp(-0.06 / 0.07) = 0.85 < 1, and with the fourth 0.85 + 0.37 > 1.
      expect([await winner(1), await winner(3), await winner(4), await winner(20)]).toEqual([0, 0, 1, 1]);
      expect(await winner(3, 0.1)).toBe(1); // 2 exp(-0.6) = 1.1
      expect(await winner(4, 0.01)).toBe(0);
    });
  });

  it('takes equal neighbours by index, and equal votes to the lower class', async () => {
    await tidyAsync(async () => {
      const query = { test: tensor2d([[1, 0]]), testLabels: [1], classCount: 3 };
      expect((await knn({ train: withCosines(0.5, 0.5, 0.5), trainLabels: [1, 0, 0], ...query, k: 1 })).top1).toBe(1);
      expect((await knn({ train: withCosines(0.5, 0.5), trainLabels: [2, 1], ...query, k: 2 })).top1).toBe(1);
      // The two nearest disagree; of the two at 0.5 the first, of class 2, decides.
      const decided = { train: withCosines(0.5, 0.5, 0.6, 0.6), trainLabels: [2, 0, 1, 2], testLabels: [2] };
      expect((await knn({ ...query, ...decided, k: 3 })).top1).toBe(1);
    });
  });

  it('survives cosines far apart at a small temperature', async () => {
    await tidyAsync(async () => {
      const test = tensor2d([[1, 0]]);
      const settings = { test, testLabels: [1], classCount: 2, temperature: 1e-4 };
      expect((await knn({ train: withCosines(-1, 0.99), trainLabels: [0, 1], ...settings })).top1).toBe(1);
    });
  });
});

it('refuses settings and labels that are none, and leaves nothing behind', async () => {
  await tidyAsync(async () => {
    const base = {
      train: ones<Rank.R2>([2, 3]),
      trainLabels: [0, 1],
      test: ones<Rank.R2>([1, 3]),
      testLabels: [0],
      classCount: 2,
    };
    await expectNoLeakAsync(async () => {
      await knn(base);
      return [];
    });
    await expect(knn({ ...base, k: 0 })).rejects.toThrow('k is a whole number of at least 1, but 0 came');
    await expect(knn({ ...base, temperature: 0 })).rejects.toThrow('temperature is a finite number above 0, but 0 came');
    await expect(knn({ ...base, trainLabels: [0, 2] })).rejects.toThrow('trainLabels[1] is 2');
    await expect(knn({ ...base, testLabels: [] })).rejects.toThrow('testLabels has one label for each of 1, but 0 came');
    await expect(knn({ ...base, train: ones([0, 3]), trainLabels: [] })).rejects.toThrow('train needs at least one number');
    await expect(knn({ ...base, test: ones([1, 4]) })).rejects.toThrow('test is [m, 3], but [1, 4] came');
    await expect(
      knn({
        ...base,
        train: tensor2d([
          [1, 2, 3],
          [0, Number.NaN, 0],
        ]),
      }),
    ).rejects.toThrow('train has NaN in row 1');
  });
});

/** `count` classes in `[0, classes)`, as `labels` of the fixture script. Call it in a tidy. */
function sampleLabels(count: number, classes: number, seed: number): Int32Array {
  return Int32Array.from(sampleTensor([count], seed).dataSync(), (value) => Math.floor(((value + 1) / 2) * classes));
}
