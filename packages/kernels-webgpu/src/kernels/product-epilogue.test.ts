import { describe, it } from 'vitest';
import { onWebGpu } from '../../test/on-webgpu.ts';
import { divided, ProductBench, small } from '../../test/product-bench.ts';
import type { ProductOptions } from './product.ts';

describe('product', () => {
  onWebGpu((_, precision) => {
    const half = precision === 'f16';
    const bench = () => new ProductBench(precision);

    it.each([[64, 96, 64], ...(half ? [] : [[35, 33, 64]])])(
      'of %i rows and %i columns with every epilogue, with the depth in one and divided',
      async (rows, columns, depth) => {
        const { device, numbers, expectProduct } = bench();
        const a = numbers([rows, depth], { half });
        const b = numbers([depth, columns], { seed: 2 });
        const bias = numbers([columns], { seed: 3 });
        const residual = numbers([rows, columns], { seed: 4, half });
        const derivative = () => device.activation([rows, columns]);
        const epilogues: ProductOptions[] = [
          {},
          { scale: 0.25, bias },
          { residual },
          { bias, activation: { kind: 'gelu', derivative: derivative() } },
          {
            scale: -2,
            bias,
            activation: { kind: 'silu', derivative: derivative() },
            residual,
            columnSums: device.output([columns]),
          },
          { activation: { kind: 'relu' } },
          { multiplier: { of: 'a', values: numbers([rows, depth], { seed: 5, half }) }, columnSums: device.output([columns]) },
          { multiplier: { of: 'b', values: numbers([depth, columns], { seed: 6, half }) }, columnSums: device.output([columns]) },
        ];
        for (const options of half ? epilogues.slice(3, 5) : epilogues) {
          for (const tuning of [small, divided]) {
            await expectProduct({ values: a }, { values: b }, { rows, columns, depth }, { ...options, tuning, divisible: true });
          }
        }
      },
    );
  });
});
