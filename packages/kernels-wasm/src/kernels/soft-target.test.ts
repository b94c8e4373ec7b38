import {
  grad,
  mul,
  ones,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
  tensor2d,
  valueAndGrads,
} from '@tensorflow/tfjs-core';
import { softTargetCrossEntropy } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import { describe, it } from 'vitest';
import { onThreads } from '../../test/on-threads.ts';

/**
 * Tokens, width, width of the teacher, prototypes: beside blocks of 24 or 48 tokens, 512 and 128 prototypes, and chunks of 1920
 * tokens.
 */
const shapes = [
  [1, 1, 1, 1],
  [0, 3, 2, 5],
  [5, 3, 4, 7],
  [24, 8, 8, 512],
  [53, 17, 9, 1031],
  [1025, 5, 6, 130],
  [1931, 3, 4, 9],
  [1931, 16, 4, 130],
] as const;

describe('softTargetCrossEntropy', () => {
  onThreads((expectAsOnCpu) => {
    it.each(shapes)('of %i tokens, widths %i and %i and %i prototypes, and its gradients', async (tokens, d, e, prototypes) => {
      for (const centred of [false, true]) {
        await expectAsOnCpu(`${[tokens, d, e, prototypes]} ${centred}`, () => {
          const teacher = {
            features: sampleTensor([tokens, e], 3) as Tensor2D,
            prototypes: sampleTensor([e, prototypes], 4) as Tensor2D,
            temperature: 0.07,
            center: centred ? (sampleTensor([prototypes], 5) as Tensor1D) : undefined,
          };
          const loss = (features: Tensor, prototypes: Tensor) =>
            softTargetCrossEntropy(
              { features: features as Tensor2D, prototypes: prototypes as Tensor2D, temperature: 0.1 },
              teacher,
            );
          const student = [sampleTensor([tokens, d]), sampleTensor([d, prototypes], 2)];
          const { value, grads } = valueAndGrads(loss)(student, sampleTensor([tokens], 6));
          return [value, ...grads];
        });
      }
    });

    it('of scores far apart, which rise and fall along the prototypes', async () => {
      const slope = Array.from({ length: 1100 }, (_, k) => (k % 550) - 300);
      await expectAsOnCpu('far', () => {
        const loss = (features: Tensor, prototypes: Tensor) =>
          softTargetCrossEntropy(
            { features: features as Tensor2D, prototypes: prototypes as Tensor2D, temperature: 0.5 },
            { features: tensor2d([[1], [-1], [0.01]]), prototypes: tensor2d([slope]), temperature: 0.7 },
          );
        const { value, grads } = valueAndGrads(loss)([tensor2d([[1], [1], [-1]]), tensor2d([slope])]);
        return [value, ...grads];
      });
    });

    it('of a teacher whose first or last block of scores is all -Infinity, while those of the student rise or fall', async () => {
      const slope = Array.from({ length: 1024 }, (_, k) => k / 100);
      for (const closed of [0, 512]) {
        const center = slope.map((_, k) => (k >= closed && k < closed + 512 ? Infinity : 0));
        await expectAsOnCpu(`closed from ${closed}`, () => {
          const loss = (features: Tensor, prototypes: Tensor) =>
            softTargetCrossEntropy(
              { features: features as Tensor2D, prototypes: prototypes as Tensor2D, temperature: 1 },
              { features: tensor2d([[0.1], [-0.1]]), prototypes: tensor2d([slope]), temperature: 1, center: tensor1d(center) },
            );
          const { value, grads } = valueAndGrads(loss)([tensor2d([[1], [-1]]), tensor2d([slope])]);
          return [value, ...grads];
        });
      }
    });

    it('of NaN, infinities and overflow', async () => {
      const numbers = [NaN, Infinity, -Infinity, 3e38, -3e38, 1];
      await expectAsOnCpu('special', () => {
        const column = tensor2d(numbers, [6, 1]);
        const [rising, plain] = [tensor2d([[1, 2, 0.5, -0.25]]), mul(ones([6, 1]), 0.5) as Tensor2D];
        const loss = (student: Tensor2D, teacher: Tensor2D, temperature: number) => (prototypes: Tensor) =>
          softTargetCrossEntropy(
            { features: student, prototypes: prototypes as Tensor2D, temperature: 1 },
            { features: teacher, prototypes: rising, temperature },
          );
        return [
          loss(column, plain, 1)(rising),
          loss(plain, column, 1)(rising),
          loss(plain, column, 1e-3)(rising),
          loss(plain, plain, 1)(tensor2d([[-Infinity, 1, 2, 3]])),
          loss(plain, plain, 1)(tensor2d([Array(4).fill(-Infinity)])),
          grad(loss(plain, column, 1))(rising),
          grad(loss(plain, plain, 1))(tensor2d([[-Infinity, 1, 2, 3]])),
        ];
      });
    });
  });
});
