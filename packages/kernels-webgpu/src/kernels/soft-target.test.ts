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
import { l2Normalize, softTargetCrossEntropy } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import { describe, it } from 'vitest';
import { onWebGpu } from '../../test/on-webgpu.ts';

/**
 * Tokens, width, width of the teacher, prototypes, tokens in a chunk, whether with a center: beside tiles of 64 by 64 by 16, and vectors
 * of 4. Few layouts, because software devices take seconds to compile each.
 */
const shapes = [
  [1, 1, 1, 1, 1, false],
  [0, 3, 2, 5, 4, true],
  [83, 17, 9, 1031, 30, false],
  [83, 17, 9, 1031, 30, true],
  [64, 8, 32, 512, 64, true],
  [193, 20, 6, 132, 64, false],
] as const;

describe('softTargetCrossEntropy', () => {
  onWebGpu((expectAsOnCpu) => {
    it.each(shapes)(
      'of %i tokens, widths %i and %i and %i prototypes, %i at once, center %s, and its gradients',
      async (...shape) => {
        const [tokens, d, e, prototypes, chunkTokens, centred] = shape;
        await expectAsOnCpu(`${shape}`, () => {
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
              { chunkTokens },
            );
          const student = [sampleTensor([tokens, d]), sampleTensor([d, prototypes], 2)];
          const { value, grads } = valueAndGrads(loss)(student, sampleTensor([tokens], 6));
          return [value, ...grads];
        });
      },
    );

    it('of more tokens than the prototypes need be divided for', async () => {
      await expectAsOnCpu('whole', () => [
        softTargetCrossEntropy(
          { features: sampleTensor([8197, 1]) as Tensor2D, prototypes: sampleTensor([1, 130], 2) as Tensor2D, temperature: 0.1 },
          {
            features: sampleTensor([8197, 1], 3) as Tensor2D,
            prototypes: sampleTensor([1, 130], 4) as Tensor2D,
            temperature: 0.1,
          },
        ),
      ]);
    });

    it('of unit vectors, at temperatures of a hundredth', async () => {
      // Scores go up to 100, whose last place is 8e-6; they are differences, and exponents.
      const options = { tolerance: 1e-4, halfTolerance: 1e-4 };
      await expectAsOnCpu(
        'cold',
        () => {
          const unit = (shape: [number, number], seed: number) => l2Normalize(sampleTensor(shape, seed)) as Tensor2D;
          const loss = (features: Tensor, prototypes: Tensor) =>
            softTargetCrossEntropy(
              { features: features as Tensor2D, prototypes: prototypes as Tensor2D, temperature: 0.01 },
              { features: unit([12, 9], 3), prototypes: unit([9, 91], 4), temperature: 0.01 },
            );
          const { value, grads } = valueAndGrads(loss)([unit([12, 9], 1), unit([9, 91], 2)]);
          return [value, ...grads];
        },
        options,
      );
    });

    it('of scores far apart, which rise and fall along the prototypes', async () => {
      const slope = Array.from({ length: 1101 }, (_, k) => (k % 550) - 300);
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
      const slope = Array.from({ length: 1025 }, (_, k) => k / 100);
      for (const closed of [0, 512]) {
        const center = slope.map((_, k) => (k >= closed && k < closed + 513 ? Infinity : 0));
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
        const [rising, plain] = [tensor2d([[1, 2, 0.5, -0.25, 3]]), mul(ones([6, 1]), 0.5) as Tensor2D];
        const loss = (student: Tensor2D, teacher: Tensor2D, temperature: number) => (prototypes: Tensor) =>
          softTargetCrossEntropy(
            { features: student, prototypes: prototypes as Tensor2D, temperature: 1 },
            { features: teacher, prototypes: rising, temperature },
          );
        return [
          loss(column, plain, 1)(rising),
          loss(plain, column, 1)(rising),
          loss(plain, column, 1e-3)(rising),
          loss(plain, plain, 1)(tensor2d([[-Infinity, 1, 2, 3, 0]])),
          loss(plain, plain, 1)(tensor2d([Array(5).fill(-Infinity)])),
          grad(loss(plain, column, 1))(rising),
          grad(loss(plain, plain, 1))(tensor2d([[-Infinity, 1, 2, 3, 0]])),
        ];
      });
    });
  });
});
