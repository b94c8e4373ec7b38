import {
  mul,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tensor1d,
  tensor2d,
  tidy,
  valueAndGrad,
  valueAndGrads,
} from '@tensorflow/tfjs-core';
import { putTokens, takeRows, takeTokens } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { onWebGpu } from '../../test/on-webgpu.ts';

/** `count` numbers below `limit`, some of them many times. */
function numbers(count: number, limit: number): number[] {
  return Array.from({ length: count }, (_, index) => (index % 3 === 0 ? limit - 1 : (index * index * 7 + index) % limit));
}

/** Eighths, which halves hold. */
function numbersOf([rows, width]: [number, number], seed: number): number[][] {
  return Array.from({ length: rows }, (_, row) => Array.from({ length: width }, (_, i) => (seed * 16 + row * width + i) / 8));
}

async function expectRows(actual: Tensor, expected: number[][]): Promise<void> {
  expect(await actual.array()).toEqual(expected);
  actual.dispose();
}

describe('takeRows', { timeout: 240_000 }, () => {
  onWebGpu((expectAsOnCpu) => {
    /** Beside tiles of 16 rows, and lists of 1024 of which only one row's are more than fit. */
    it.each([
      [1, 1, 1],
      [7, 3, 5],
      [5, 8, 0],
      [16, 8, 1024],
      [3, 130, 2000],
      [1000, 33, 301],
      [40, 64, 5000],
      // Indices in order of the part of the table that they are in: parts of 32 rows, and one row that a third of them are.
      [4100, 3, 4090],
    ])('from %i rows of %i values, %i of them, and its gradient', async (rows, width, count) => {
      await expectAsOnCpu(`${[rows, width, count]}`, () => {
        const chosen = tensor1d(numbers(count, rows), 'int32');
        const take = (table: Tensor) => takeRows(table as Tensor2D, chosen);
        const { value, grad } = valueAndGrad(take)(sampleTensor([rows, width]), sampleTensor([count, width]));
        return [value, grad];
      });
    });

    it('leaves out indices outside of the table', async () => {
      const [table, dy] = [numbersOf([5, 3], 1), numbersOf([8, 3], 2)];
      const [value, grad] = tidy(() => {
        const chosen = tensor1d([-1, 0, 5, 2, 2147483647, -2147483648, 2, 16], 'int32');
        const taken = valueAndGrad((x) => takeRows(x as Tensor2D, chosen))(tensor2d(table), tensor2d(dy));
        return [taken.value, taken.grad];
      });
      const nothing = [0, 0, 0];
      await expectRows(value, [nothing, table[0], nothing, table[2], nothing, nothing, table[2], nothing]);
      await expectRows(grad, [dy[1], nothing, dy[3].map((number, i) => number + dy[6][i]), nothing, nothing]);
    });

    it('takes tokens and puts them back, the last of several for one place', async () => {
      await expectAsOnCpu('tokens', () => {
        const keep = tensor2d([0, 4, 4, 2, 1, 4], [2, 3], 'int32');
        const x = sampleTensor([2, 5, 9]);
        const taken = takeTokens(x as Tensor3D, keep);
        const back = putTokens(x as Tensor3D, mul(taken, 2), tensor2d([0, 4, 4, 2, 1, 2], [2, 3], 'int32'));
        // Of what these kernels gave, in its storage.
        const first = tensor2d([1, 0], [2, 1], 'int32');
        return [taken, back, putTokens(taken, takeTokens(back, first), first)];
      });
    });

    it.each([
      [1, 120, 300, 130],
      [3, 30, 40, 64],
      [2, 0, 5, 4],
    ])('of %i samples puts back %i of %i tokens of %i values, and its gradients', async (batch, kept, tokens, width) => {
      await expectAsOnCpu(`put ${[batch, kept, tokens, width]}`, () => {
        const distinct = Array.from({ length: batch * kept }, (_, i) => ((i % kept) * 7 + Math.floor(i / kept)) % tokens);
        const put = (base: Tensor, values: Tensor) =>
          putTokens(base as Tensor3D, values as Tensor3D, tensor2d(distinct, [batch, kept], 'int32'));
        const inputs = [sampleTensor([batch, tokens, width]), sampleTensor([batch, kept, width], 2)];
        const { value, grads } = valueAndGrads(put)(inputs, sampleTensor([batch, tokens, width], 3));
        return [value, ...grads];
      });
    });
  });
});
