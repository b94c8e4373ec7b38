import { slice, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { expectClose } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { evaRotary, keptRotary } from './eva-rotary.ts';

const twice = (values: number[]) => values.flatMap((value) => [value, value]);

it('has the tables of EVA-02, rows in the first half and columns in the second', () => {
  tidy(() => {
    // VisionRotaryEmbeddingFast of jihaonew/UTA (rope.py), 4 x 4 patches stretched onto 16 x 16: patch 6 (row 1, column 2).
    const { cos, sin } = evaRotary(8, { rows: 4, columns: 4 }, 16);
    expectClose(slice(cos, [7, 0], [1, 8]), twice([-0.653644, 0.9992, -0.1455, 0.996802]), 1e-6);
    expectClose(slice(sin, [7, 0], [1, 8]), twice([-0.756802, 0.039989, 0.989358, 0.079915]), 1e-6);
    // UTA-B/16: patch 17 (row 1, column 3) of 14 x 14.
    const base = evaRotary(64, { rows: 14, columns: 14 }, 16);
    expectClose(slice(base.cos, [18, 0], [1, 6]), twice([0.414997, 0.800495, 0.935402]), 2e-6);
    expectClose(slice(base.cos, [18, 32], [1, 6]), twice([-0.959103, -0.349681, 0.467612]), 2e-6);
  });
});

it('leaves the CLS token where it is, and squeezes each axis by itself', () => {
  tidy(() => {
    const { cos, sin } = evaRotary(8, { rows: 2, columns: 32 }, 16);
    expect([...slice(cos, [0, 0], [1, 8]).dataSync()]).toEqual(Array(8).fill(1));
    expect([...slice(sin, [0, 0], [1, 8]).dataSync()]).toEqual(Array(8).fill(0));
    // Row 1 of 2 is at 8, column 6 of 32 at 3.
    expectClose(slice(cos, [1 + 32 + 6, 0], [1, 8]), twice([8, 0.08, 3, 0.03].map(Math.cos)), 1e-6);
  });
});

it('gives each sample the rows of its own patches', () => {
  tidy(() => {
    const all = evaRotary(8, { rows: 2, columns: 3 }, 16);
    const { cos, sin } = keptRotary(all, tensor2d([5, 0, 2, 3], [2, 2], 'int32'));
    expect(cos.shape).toEqual([2, 3, 8]);
    for (const [kept, table] of [
      [cos, all.cos],
      [sin, all.sin],
    ]) {
      const rows = table.arraySync() as number[][];
      expect(kept.arraySync()).toEqual([
        [rows[0], rows[6], rows[1]],
        [rows[0], rows[3], rows[4]],
      ]);
    }
  });
});

it('refuses heads whose halves are no pairs', () => {
  expect(() => evaRotary(6, { rows: 2, columns: 2 }, 16)).toThrow('a multiple of 4, but 6 came');
});
