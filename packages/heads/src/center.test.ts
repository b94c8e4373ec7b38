import { clone, matMul, mean, ones, type Rank, tensor1d, tidy, zeros } from '@tensorflow/tfjs-core';
import { expectClose, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { updateCenter } from './center.ts';

const scores = (seed = 1) => ({
  features: sampleTensor<Rank.R2>([6, 3], seed),
  prototypes: sampleTensor<Rank.R2>([3, 4], seed + 1),
});

onBackend(['cpu', 'wasm'], () => {
  it('takes the mean of scores that it never makes', () => {
    tidy(() => {
      const { features, prototypes } = scores();
      expectClose(updateCenter(ones([4]), { features, prototypes }, 0), mean(matMul(features, prototypes), 0));
    });
  });

  it('forgets geometrically: after n batches with the same mean, 1 - momentum^n of the way', () => {
    tidy(() => {
      const { features, prototypes } = scores();
      const target = mean(matMul(features, prototypes), 0).dataSync();
      let center = zeros<Rank.R1>([4]);
      for (let n = 1; n <= 5; n++) {
        center = updateCenter(center, { features, prototypes }, 0.9);
        expectClose(
          center,
          target.map((value) => value * (1 - 0.9 ** n)),
        );
      }
    });
  });

  it('gives a new tensor: the step that is under way keeps the center it has', () => {
    tidy(() => {
      const center = tensor1d([1, 2, 3, 4]);
      const kept = clone(center);
      const next = updateCenter(center, scores(), 0.9);
      expectClose(center, kept);
      next.dispose();
      expect(center.isDisposed).toBe(false);
      expectClose(updateCenter(center, scores(), 1), kept);
      const given = scores();
      expectNoLeak(() => [updateCenter(center, given, 0.5)]);
    });
  });
});

it('says what does not fit', () => {
  tidy(() => {
    const { features, prototypes } = scores();
    expect(() => updateCenter(zeros([3]), { features, prototypes }, 0.9)).toThrow('center is [4], but [3] came');
    expect(() => updateCenter(zeros([4]), { features, prototypes: ones([2, 4]) }, 0.9)).toThrow(
      'prototypes is [3, K], but [2, 4] came',
    );
    expect(() => updateCenter(zeros([4]), { features: zeros([0, 3]), prototypes }, 0.9)).toThrow('at least one token');
    for (const momentum of [-0.1, 1.1, Number.NaN]) {
      expect(() => updateCenter(zeros([4]), { features, prototypes }, momentum)).toThrow(
        `momentum lies in [0, 1], but ${momentum} came`,
      );
    }
  });
});
