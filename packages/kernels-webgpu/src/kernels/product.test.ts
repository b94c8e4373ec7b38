import { describe, it } from 'vitest';
import { onWebGpu } from '../../test/on-webgpu.ts';
import { divided, ProductBench, small, transpositions, withTile, write } from '../../test/product-bench.ts';
import type { Matrix } from './product.ts';

const sizes = [
  [1, 1, 1],
  [3, 7, 31],
  [31, 1, 97],
  [1, 257, 7],
  [65, 97, 3],
  [97, 65, 65],
  [64, 64, 64],
  [64, 31, 64],
  [31, 64, 3],
  [64, 3, 257],
  [257, 31, 1],
] as const;

const halfSizes: readonly (readonly [number, number, number])[] = [
  [64, 64, 64],
  [33, 7, 31],
];

describe('product', () => {
  onWebGpu((_, precision) => {
    const half = precision === 'f16';
    const bench = () => new ProductBench(precision);

    // A driver in software takes a second to compile a product for halves, so those get fewer.
    it.each(half ? halfSizes : sizes)(
      'of %i rows, %i columns and a depth of %i, every transposition',
      async (rows, columns, depth) => {
        const { device, numbers, expectProduct } = bench();
        for (const [transposeA, transposeB] of transpositions) {
          const a = numbers(transposeA ? [depth, rows] : [rows, depth], { half });
          const b = numbers(transposeB ? [columns, depth] : [depth, columns], { seed: 2 });
          const columnSums = device.output([columns]);
          await expectProduct(
            { values: a, transpose: transposeA },
            { values: b, transpose: transposeB },
            { rows, columns, depth },
            { tuning: small, columnSums },
          );
        }
      },
    );

    if (half) {
      it.each([
        [true, true],
        [false, true],
        [true, false],
      ])('of operands of either storage: halves %s and %s', async (aHalf, bHalf) => {
        for (const [rows, columns, depth] of [
          [64, 96, 32],
          [33, 35, 17],
        ]) {
          const { device, numbers, expectProduct } = bench();
          const [a, b] = [numbers([rows, depth], { half: aHalf }), numbers([depth, columns], { half: bHalf, seed: 2 })];
          const bias = numbers([columns], { seed: 3, half: aHalf });
          const residual = numbers([rows, columns], { seed: 4, half: bHalf });
          await expectProduct({ values: a }, { values: b }, { rows, columns, depth }, { tuning: small, bias, residual });
          const multiplier = { of: 'a', values: numbers([rows, depth], { seed: 5, half: bHalf }) } as const;
          const columnSums = device.output([columns]);
          await expectProduct(
            { values: a },
            { values: b },
            { rows, columns, depth },
            { tuning: small, multiplier, columnSums },
            'f32',
          );
        }
      });
    } else {
      it.each([
        { rows: 64, columns: 64, depth: 16, threadRows: 8, threadColumns: 8 },
        { rows: 128, columns: 64, depth: 16, threadRows: 8, threadColumns: 4 },
        { rows: 16, columns: 64, depth: 32, threadRows: 4, threadColumns: 4 },
      ])('with the tile %j', async (tile) => {
        const { device, numbers, expectProduct } = bench();
        for (const [rows, columns, depth] of [
          [64, 64, 64],
          [97, 65, 31],
        ]) {
          const a = numbers([depth, rows], { half });
          const b = numbers([depth, columns], { half, seed: 2 });
          const sizes = { rows, columns, depth };
          const options = { tuning: withTile(tile), columnSums: device.output([columns]) };
          await expectProduct({ values: a, transpose: true }, { values: b }, sizes, options);
        }
      });
    }

    it('of parts of packed tensors, along two axes of a batch', async () => {
      const { numbers, expectProduct } = bench();
      // The scores and the results of attention over packed [batch, tokens, 3 heads headSize].
      const [batch, tokens, heads, headSize] = [2, 9, 3, 8];
      const width = heads * headSize;
      const qkv = numbers([batch, tokens, 3 * width], { half });
      const part = (index: number): Matrix => ({
        values: qkv,
        offset: index * width,
        pitch: 3 * width,
        batchStride: [tokens * 3 * width, headSize],
      });
      const perHead = { batch: [batch, heads] } as const;
      for (const tuning of [small, divided]) {
        await expectProduct(
          part(0),
          { ...part(1), transpose: true },
          { rows: tokens, columns: tokens, depth: headSize, ...perHead },
          { tuning, scale: headSize ** -0.5, divisible: true },
        );
        const weights = numbers([batch, heads, tokens, tokens], { seed: 2 });
        await expectProduct(
          { values: weights },
          part(2),
          { rows: tokens, columns: headSize, depth: tokens, ...perHead },
          { tuning, divisible: true },
          precision,
          { pitch: width, batchStride: [tokens * width, headSize] },
        );
      }
    });

    it('of a depth of 0: only the epilogue is left', async () => {
      const { device, numbers, expectProduct } = bench();
      const bias = numbers([8], { seed: 3 });
      const columnSums = device.output([8]);
      await expectProduct(
        { values: numbers([5, 0]) },
        { values: numbers([0, 8]) },
        { rows: 5, columns: 8, depth: 0 },
        { bias, columnSums },
      );
    });

    it('takes the rows and columns that NaN and infinities belong to, and no others', async () => {
      const { device, expectProduct } = bench();
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
        for (const [rows, columns, depth] of [
          [5, 9, 7],
          [8, 12, 8],
        ]) {
          const a = Float32Array.from({ length: rows * depth }, (_, i) => (i === depth + 3 ? value : (i % 7) - 3));
          const b = Float32Array.from({ length: depth * columns }, (_, i) => (i === 2 * columns + 4 ? value : (i % 5) - 2));
          await expectProduct(
            { values: write(device, a, [rows, depth]) },
            { values: write(device, b, [depth, columns]) },
            { rows, columns, depth },
            { tuning: small },
          );
        }
      }
    });
  });
});
