import { ones, type Rank, reshape, type Tensor2D, tensor2d, tidy, zeros } from '@tensorflow/tfjs-core';
import { expectClose, onBackend, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { batchedProduct } from './batched-product.ts';
import { biasedProduct, matrixProduct } from './matrix-product.ts';

/** The definition, in 64-bit floats. */
function expected(a: Tensor2D, b: Tensor2D): number[] {
  const [rows, columns] = [a.arraySync(), b.arraySync()];
  return rows.flatMap((row) => columns[0].map((_, j) => row.reduce((sum, value, k) => sum + value * columns[k][j], 0)));
}

describe('matrixProduct', () => {
  onBackend(['cpu', 'wasm'], () => {
    it('is right for a matrix that was multiplied in another shape before', () => {
      tidy(() => {
        const data = sampleTensor<Rank.R2>([2, 256]);
        expectClose(matrixProduct(ones([1, 2]), data), expected(ones([1, 2]), data));
        for (const shape of [
          [32, 16],
          [256, 2],
          [2, 256],
          [512, 1],
        ] as const) {
          const b = reshape(data, [...shape]) as Tensor2D;
          const a = sampleTensor<Rank.R2>([3, shape[0]], 2);
          expectClose(matrixProduct(a, b), expected(a, b), 1e-4);
          expectClose(biasedProduct(a, b, zeros([shape[1]])), expected(a, b), 1e-4);
          const reshaped = reshape(zeros([1, 1, shape[1]]), [shape[1]]);
          expectClose(biasedProduct(a, b, reshaped), expected(a, b), 1e-4);
          expectClose(batchedProduct(reshape(a, [1, 3, shape[0]]), reshape(b, [1, ...shape])), expected(a, b), 1e-4);
        }
      });
    });

    it('agrees with the definition on odd shapes', () => {
      tidy(() => {
        for (const [n, m, p] of [
          [1, 1, 1],
          [1, 7, 1],
          [5, 1, 3],
          [17, 13, 11],
          [2, 0, 3],
        ]) {
          const [a, b] = [sampleTensor<Rank.R2>([n, m]), sampleTensor<Rank.R2>([m, p], 3)];
          expectClose(matrixProduct(a, b), m === 0 ? new Float32Array(n * p) : expected(a, b), 1e-5);
        }
      });
    });
  });

  it('refuses matrices that do not fit', () => {
    tidy(() => {
      expect(() => matrixProduct(tensor2d([[1, 2]]), tensor2d([[1, 2]]))).toThrow();
    });
  });
});
