import { describe, expect, it } from 'vitest';
import { flopsPerIteration, multiplyAddModule } from './multiply-add-module.ts';
import { peakEngine } from './peak-engine.ts';

const bytes = multiplyAddModule();
const hasRelaxedSimd = WebAssembly.validate(bytes);

describe.runIf(hasRelaxedSimd)('multiplyAddModule', () => {
  it('computes as many multiply-adds as it says: none is optimised away', () => {
    const run = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.run as (
      n: number,
      a: number,
      b: number,
    ) => number;
    // Each lane sums a b once per multiply-add; a lane sees a quarter of the operations, two of which are one multiply-add.
    for (const n of [1, 7]) expect(run(n, 0.5, 0.25)).toBe(n * (flopsPerIteration / 8) * 0.125);
  });
});

describe.runIf(hasRelaxedSimd)('peakEngine', () => {
  it('shares the operations of a product among its threads', async () => {
    const { hello, prepare } = await peakEngine(2);
    expect(hello.threads).toBe(2);
    const request = {
      workload: 'gemm',
      spec: { kind: 'gemm', transposeA: false, transposeB: false },
      data: { file: '', tensors: {} },
    } as const;
    await expect(prepare({ ...request, repeats: 1 })).rejects.toThrow(/known number of operations/);
    await (await prepare({ ...request, flops: 1e6, repeats: 1 })).run(2);
  });
});
