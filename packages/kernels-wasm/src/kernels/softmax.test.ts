import { grad, logSoftmax, logSumExp, mul, softmax, tensor1d, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { onThreads } from '../../test/on-threads.ts';

const shapes = [[1, 1], [0, 4], [5, 3], [7, 2, 13], [101, 257], [2, 17_003], [6]];

describe('softmax', () => {
  onThreads((expectAsOnCpu) => {
    it.each(shapes.map((shape) => ({ shape })))('of $shape, its logarithm, and gradients', async ({ shape }) => {
      await expectAsOnCpu(`${shape}`, () => {
        const x = mul(sampleTensor(shape), 20);
        const dy = sampleTensor(shape, 2);
        return [softmax(x), logSoftmax(x), logSumExp(x, -1), grad((x) => softmax(x))(x, dy), grad((x) => logSoftmax(x))(x, dy)];
      });
    });

    it('is precise where it is small', () => {
      const x = Float32Array.from({ length: 801 }, (_, i) => -i / 10);
      const y = tidy(() => softmax(tensor1d(x)).dataSync());
      const sum = x.reduce((total, value) => total + Math.exp(value), 0);
      y.forEach((actual, i) => {
        const exact = Math.exp(x[i]) / sum;
        expect(Math.abs(actual - exact) / exact, `of ${x[i]}`).toBeLessThan(4e-7 - 1.2e-7 * x[i]);
      });
    });

    it('of far values, infinities and NaN', async () => {
      await expectAsOnCpu('special', () => {
        const firsts = [NaN, Infinity, -Infinity, 3e38, -3e38, 100, -100, 0];
        const all = tensor2d([-Infinity, -3e38, 3e38, Infinity, NaN].map((value) => Array(7).fill(value)));
        return [softmax(tensor2d(firsts.map((first) => [1, -2, 3, first, 0.5, -200, 7]))), softmax(all)];
      });
    });
  });
});
