import { grad, logSoftmax, logSumExp, mul, softmax, tensor2d } from '@tensorflow/tfjs-core';
import { sampleTensor } from '@vitrail/testing';
import { describe, it } from 'vitest';
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

    it('of far values, infinities and NaN', async () => {
      await expectAsOnCpu('special', () => {
        const firsts = [NaN, Infinity, -Infinity, 3e38, -3e38, 100, -100, 0];
        const all = tensor2d([-Infinity, -3e38, 3e38, Infinity, NaN].map((value) => Array(7).fill(value)));
        return [softmax(tensor2d(firsts.map((first) => [1, -2, 3, first, 0.5, -200, 7]))), softmax(all)];
      });
    });
  });
});
