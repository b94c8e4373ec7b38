import { describe, it } from 'vitest';
import { devices, onWebGpu } from '../../test/on-webgpu.ts';
import { ProductBench, transpositions, withTile } from '../../test/product-bench.ts';
import type { ProductTuning } from '../tuning.ts';

const subgroupSizes = [
  [33, 36, 44],
  [35, 34, 33],
] as const;

describe('product', () => {
  onWebGpu((_, precision) => {
    const half = precision === 'f16';
    const bench = () => new ProductBench(precision);

    const lanes = (half ? devices.f16 : devices.f32)?.info.subgroupMinSize ?? 0;
    it.runIf(lanes === 4 || lanes === 8)('by subgroups: every transposition, epilogue and edge', async () => {
      const tile = { lanes, rows: lanes, columns: 4 * lanes, depth: 4 } as const;
      const tunings: ProductTuning[] = [withTile(tile), { ...withTile(tile), workgroups: 64, splitDepth: 16 }];
      for (const [rows, columns, depth] of half ? subgroupSizes.slice(0, 1) : subgroupSizes) {
        for (const [transposeA, transposeB] of transpositions) {
          const { device, numbers, expectProduct } = bench();
          const a = numbers(transposeA ? [depth, rows] : [rows, depth], { half });
          const b = numbers(transposeB ? [columns, depth] : [depth, columns], { seed: 2 });
          const options = {
            bias: numbers([columns], { seed: 3 }),
            residual: numbers([rows, columns], { seed: 4, half }),
            multiplier: { of: 'a', values: numbers(transposeA ? [depth, rows] : [rows, depth], { seed: 5, half }) } as const,
            columnSums: device.output([columns]),
            divisible: true,
          };
          for (const tuning of half ? tunings.slice(0, 1) : tunings) {
            const [left, right] = [
              { values: a, transpose: transposeA },
              { values: b, transpose: transposeB },
            ];
            await expectProduct(left, right, { rows, columns, depth }, { ...options, tuning });
          }
        }
      }
    });
  });
});
