import { engine, ones, type Scalar, sum, tidy, zeros } from '@tensorflow/tfjs-core';
import { createRng } from '@vitrail/core';
import { expectClose, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { dropout } from './dropout.ts';

const rng = () => createRng(3).fork('dropout');

onBackend(['cpu', 'wasm'], () => {
  it('leaves out its share, multiplies the rest so that the mean stays, and gives the gradient the same numbers', () => {
    tidy(() => {
      const x = ones([4, 50, 50]);
      const values = dropout(x, 0.2, rng()).dataSync();
      const dropped = values.filter((value) => value === 0).length / values.length;
      // Four deviations of a share of 10,000 draws.
      expect(Math.abs(dropped - 0.2)).toBeLessThan(0.016);
      for (const value of values) if (value !== 0) expect(value).toBeCloseTo(1.25, 5);
      const { grads } = engine().gradients(() => sum<Scalar>(dropout(x, 0.2, rng())), [x]);
      expectClose(grads[0], values);
    });
  });

  it('drops the same of the same stream, and other numbers of a stream that has moved on', () => {
    tidy(() => {
      const x = sampleTensor([3, 7], 1);
      const stream = rng();
      const [first, second] = [dropout(x, 0.5, stream), dropout(x, 0.5, stream)].map((tensor) => tensor.dataSync());
      expect(dropout(x, 0.5, rng()).dataSync()).toEqual(first);
      expect(second).not.toEqual(first);
      expect(dropout(x, 0, rng()).dataSync()).toEqual(x.dataSync());
    });
  });

  it('leaves nothing behind', () => {
    tidy(() => {
      const x = zeros([2, 3]);
      expectNoLeak(() => [dropout(x, 0.5, rng())]);
      expectNoLeak(() => [dropout(x, 0, rng())]);
    });
  });
});

it.each([-0.1, 1, Number.NaN])('refuses a rate of %f', (rate) => {
  tidy(() => {
    expect(() => dropout(zeros([2]), rate, rng())).toThrow(`rate lies in [0, 1), but ${rate} came`);
  });
});
