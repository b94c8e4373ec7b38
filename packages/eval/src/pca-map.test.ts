import { add, mul, ones, type Rank, reshape, type Tensor3D, tensor2d, tensor3d } from '@tensorflow/tfjs-core';
import { expectClose, expectNoLeakAsync, onBackend, sampleTensor, tidyAsync } from '@vitrail/testing';
import { expect, it } from 'vitest';
import reference from '../fixtures/reference.json' with { type: 'json' };
import { pcaMap } from './pca-map.ts';
import { principalComponents } from './principal-components.ts';

/** `rows * columns` patches whose features shrink like `(1 + j)^-decay`, around 0.25. */
const fading = (rows: number, columns: number, width: number, decay: number): Tensor3D => {
  const scales = tensor2d(
    Array.from({ length: width }, (_, j) => (1 + j) ** -decay),
    [1, width],
  );
  return reshape(add(mul(sampleTensor([rows * columns, width], 22), scales), 0.25), [rows, columns, width]);
};

onBackend(['cpu', 'wasm'], () => {
  it('agrees with scikit-learn, signs included, in few dimensions and in many, of almost equal variance', async () => {
    await tidyAsync(async () => {
      expectClose(await pcaMap(fading(5, 6, 9, 0)), reference.pcaMap.small, 2e-5);
      expectClose(await pcaMap(fading(12, 9, 100, 0.2)), reference.pcaMap.wide, 2e-5);
    });
  });
});

it('is sigmoid(2 x) of whitened scores, and 0.5 along what does not vary', async () => {
  await tidyAsync(async () => {
    // Two patches, 4 apart along one feature: scores -2 and 2, variance 8, so x = -+ 1 / sqrt(2).
    const colors = await pcaMap(tensor3d([1, 7, 5, 7], [1, 2, 2]));
    const high = 1 / (1 + Math.exp(-Math.SQRT2));
    expectClose(colors, [1 - high, 0.5, 0.5, high, 0.5, 0.5]);
  });
});

it('points each component where its largest entry is positive', async () => {
  await tidyAsync(async () => {
    // The first component is (1, -3) / sqrt(10) or its opposite; the second entry is the larger.
    const line = tensor3d([1, -3, 0, 0, -1, 3], [3, 1, 2]);
    const [first] = await pcaMap(line);
    expect(first).toBeLessThan(0.5); // the patch at (1, -3)
  });
});

it('paints a picture without differences grey, however large its features', async () => {
  await tidyAsync(async () => {
    expect([...(await pcaMap(mul(ones<Rank.R3>([2, 2, 5]), 1234.567)))]).toEqual(new Array(12).fill(0.5));
    expect([...(await pcaMap(sampleTensor<Rank.R3>([1, 1, 5])))]).toEqual([0.5, 0.5, 0.5]);
    // Differences of one float32 step are rounding, not a picture.
    expect(new Set(await pcaMap(tensor3d([100, 1, 100.00001, 1, 100, 1], [3, 1, 2])))).toEqual(new Set([0.5]));
  });
});

it('gives the same colours to a picture moved and scaled', async () => {
  await tidyAsync(async () => {
    const patches = fading(4, 4, 6, 0.5);
    expectClose(await pcaMap(add(mul(patches, 8), 3)), await pcaMap(patches), 1e-4);
  });
});

it('finds directions of equal variance', () => {
  // Plus and minus each of four axes: every direction has the variance 2 / 7.
  const axes = new Float64Array(8 * 4);
  for (let i = 0; i < 8; i++) axes[i * 4 + (i >> 1)] = i % 2 === 0 ? 1 : -1;
  const found = principalComponents(axes, 4, 3);
  expectClose(
    found.map(({ variance }) => variance),
    [2 / 7, 2 / 7, 2 / 7],
    1e-12,
  );
  for (const [i, a] of found.entries()) {
    for (const [j, b] of found.entries()) {
      expect(a.direction.reduce((sum, value, k) => sum + value * b.direction[k], 0)).toBeCloseTo(i === j ? 1 : 0, 10);
    }
  }
});

it('refuses patches that are not finite or not there, and leaves nothing behind', async () => {
  await tidyAsync(async () => {
    const patches = sampleTensor<Rank.R3>([3, 3, 4]);
    await expectNoLeakAsync(async () => {
      await pcaMap(patches);
      return [];
    });
    await expect(pcaMap(mul(patches, Number.NaN))).rejects.toThrow('pcaMap: patches has NaN in row 0');
    await expect(pcaMap(ones([0, 3, 4]))).rejects.toThrow('patches needs at least one number along every axis');
    await expect(pcaMap(ones([3, 4]) as never)).rejects.toThrow('patches is [rows, columns, D], but [3, 4] came');
  });
});
