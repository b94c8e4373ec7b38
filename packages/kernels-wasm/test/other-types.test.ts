import {
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tensor1d,
  tensor2d,
  tidy,
  valueAndGrads,
} from '@tensorflow/tfjs-core';
import { emaUpdate } from '@vitrail/ema';
import {
  attention,
  gelu,
  l2Normalize,
  layerNorm,
  linear,
  putTokens,
  residualLinear,
  softTargetCrossEntropy,
  swiglu,
  takeRows,
  takeTokens,
} from '@vitrail/ops';
import { globalNorm } from '@vitrail/optim';
import { sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { onThreads } from './on-threads.ts';
import { sampleNumbers, sampleTruth } from './samples.ts';

type Sample = (shape: readonly number[]) => Tensor;
const types: Record<string, Sample> = { int32: (shape) => sampleNumbers(shape, 9), bool: sampleTruth };
const rows = () => tensor1d([3, 0, 0, 2], 'int32');
const tokens = () => tensor2d([0, 2, 1, 3], [2, 2], 'int32');

/** Ops whose kernels are for float32, on a tensor of another type in each place. */
const ops: Record<string, (sample: Sample) => Tensor[]> = {
  gelu: (sample) => [gelu(sample([3, 5])), gelu(sample([7]), { approximate: 'tanh' })],
  linear: (sample) => [
    linear(sample([5, 3]), { kernel: sampleTensor([3, 4]), bias: sampleTensor([4]) }, 'gelu'),
    linear(sampleTensor([5, 3]), { kernel: sample([3, 4]), bias: sampleTensor([4]) }),
    linear(sampleTensor([5, 3]), { kernel: sampleTensor([3, 4]), bias: sample([4]) }),
  ],
  'gradient of linear': (sample) => {
    const inputs = [sampleTensor([5, 3]), sampleTensor([3, 4])];
    const bias = sample([4]);
    const layer = (x: Tensor, kernel: Tensor) => linear(x, { kernel, bias }, 'gelu');
    return valueAndGrads(layer)(inputs, sampleTensor([5, 4])).grads;
  },
  residualLinear: (sample) => [residualLinear(sampleTensor([5, 3]), { kernel: sampleTensor([3, 4]) }, sample([5, 4]))],
  layerNorm: (sample) => [
    layerNorm(sample([5, 7]), { scale: sampleTensor([7]), bias: sampleTensor([7]) }),
    layerNorm(sampleTensor([5, 7]), { scale: sample([7]), bias: sample([7]) }),
  ],
  swiglu: (sample) => [swiglu(sampleTensor([3, 5]), sample([3, 5]))],
  attention: (sample) => [
    attention(sampleTensor([2, 3, 12]), {
      heads: 2,
      keyMask: sampleTruth([2, 3]) as Tensor2D,
      rotary: { cos: sample([3, 2]) as Tensor2D, sin: sample([3, 2]) as Tensor2D },
    }),
  ],
  takeRows: (sample) => [takeRows(sample([4, 5]) as Tensor2D, rows())],
  takeTokens: (sample) => [takeTokens(sample([2, 4, 5]) as Tensor3D, tokens())],
  putTokens: (sample) => [putTokens(sample([2, 4, 5]) as Tensor3D, sample([2, 2, 5]) as Tensor3D, tokens())],
  softTargetCrossEntropy: (sample) => {
    const scores = { features: sampleTensor([4, 3]) as Tensor2D, prototypes: sampleTensor([3, 6]) as Tensor2D, temperature: 1 };
    return [softTargetCrossEntropy(scores, { ...scores, center: sample([6]) as Tensor1D })];
  },
  emaUpdate: (sample) => [emaUpdate({ a: sampleTensor([5]), b: sample([4]) }, { a: sampleTensor([5]), b: sample([4]) }, 0.9).b],
};

describe('ops on other types than float32', () => {
  onThreads((expectAsOnCpu) => {
    it.each(Object.keys(ops).flatMap((op) => Object.keys(types).map((type) => [op, type])))('%s of %s', async (op, type) => {
      await expectAsOnCpu(`${op} ${type}`, () => ops[op](types[type]));
    });

    it('refuses the norm of other types, as tfjs does', () => {
      tidy(() => {
        for (const sample of Object.values(types)) {
          expect(() => l2Normalize(sample([4, 5]))).toThrow('must be float32');
          expect(() => globalNorm({ a: sample([3, 5]) })).toThrow('must be float32');
        }
      });
    });

    it('takes and puts rows of the type that they have', () => {
      tidy(() => {
        for (const sample of Object.values(types)) {
          const [x, taken, indices] = [sample([2, 4, 5]), sample([2, 2, 5]), tokens()] as [Tensor3D, Tensor3D, Tensor2D];
          const put = putTokens(x, taken, indices);
          const back = takeTokens(put, indices);
          expect([put.dtype, back.dtype]).toEqual([x.dtype, x.dtype]);
          expect(back.dataSync()).toEqual(taken.dataSync());
        }
      });
    });
  });
});
