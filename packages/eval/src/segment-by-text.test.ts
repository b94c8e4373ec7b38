import { mul, ones, type Rank, slice, type Tensor2D, tensor2d, tensor4d } from '@tensorflow/tfjs-core';
import { expectNoLeakAsync, onBackend, sampleTensor, tidyAsync } from '@vitrail/testing';
import { expect, it } from 'vitest';
import reference from '../fixtures/reference.json' with { type: 'json' };
import { segmentByText } from './segment-by-text.ts';

const patches = () => sampleTensor<Rank.R4>([1, 5, 4, 7], 4);
const classes = () => sampleTensor<Rank.R2>([6, 7], 5);

onBackend(['cpu', 'wasm'], () => {
  it('agrees with torch where the maps grow, and with its anti-aliased resizing where they shrink', async () => {
    await tidyAsync(async () => {
      expect([...(await segmentByText(patches(), classes(), [23, 17]))]).toEqual(reference.segmentByText.growing);
      expect([...(await segmentByText(patches(), classes(), [3, 9]))]).toEqual(reference.segmentByText.shrinking);
    });
  });

  it('interpolates cosines, not labels: the border stands where the two are equal', async () => {
    await tidyAsync(async () => {
      // Patch centres are at pixels 1.5 and 5.5 of 8; cosine of class 0 falls from 1 to 0, of class 1 rises from 0.6 to 1 (3-4-5 triangles).
      const two = tensor4d([1, 0, 0, 1], [1, 1, 2, 2]);
      const nearby = tensor2d([
        [1, 0],
        [0.6, 0.8],
      ]);
      // At t of the way: 1 - t < 0.6 + 0.2 t from t = 1/3, pixel 2.83.
      expect([...(await segmentByText(two, nearby, [1, 8]))]).toEqual([0, 0, 0, 1, 1, 1, 1, 1]);
    });
  });

  it('does not care how long the vectors are, and gives equal cosines to the lower class', async () => {
    await tidyAsync(async () => {
      const scaled = await segmentByText(mul(patches(), 300), mul(classes(), 0.01) as Tensor2D, [23, 17]);
      expect([...scaled]).toEqual(reference.segmentByText.growing);
      expect([...(await segmentByText(ones([1, 2, 2, 3]), ones([4, 3]), [3, 3]))]).toEqual(new Array(9).fill(0));
    });
  });

  it('gives the same labels in bands as at once', async () => {
    await tidyAsync(async () => {
      // 256 classes at 300 x 100 pixels are 7.7 million numbers: two bands.
      const many = sampleTensor<Rank.R2>([256, 7], 6);
      const tall = await segmentByText(patches(), many, [300, 100]);
      const upper = await segmentByText(slice(patches(), [0, 0, 0, 0], [1, 4, 4, 7]), many, [240, 100]); // 60 pixels per patch row
      expect([...tall.subarray(0, 210 * 100)]).toEqual([...upper.subarray(0, 210 * 100)]); // centre of the fourth row: 210
      expect(new Set(tall.subarray(250 * 100)).size).toBeGreaterThan(5);
    });
  });
});

it('refuses what it cannot segment, and leaves nothing behind', async () => {
  await tidyAsync(async () => {
    const [dense, words] = [patches(), classes()];
    await expectNoLeakAsync(async () => {
      await segmentByText(dense, words, [4, 4]);
      return [];
    });
    await expectNoLeakAsync(async () => {
      await expect(segmentByText(dense, words, [0, 4])).rejects.toThrow(
        'segmentByText: height is a whole number of at least 1, but 0 came',
      );
      return [];
    });
    await expect(segmentByText(dense, ones([257, 7]), [4, 4])).rejects.toThrow('at most 256 classes, but 257 came');
    await expect(segmentByText(dense, ones([3, 6]), [4, 4])).rejects.toThrow('classes is [C, 7], but [3, 6] came');
    await expect(segmentByText(ones([2, 5, 4, 7]), words, [4, 4])).rejects.toThrow(
      'patches is [1, rows, columns, D], but [2, 5, 4, 7] came',
    );
    await expect(segmentByText(mul(dense, Number.NaN), words, [4, 4])).rejects.toThrow('patches has NaN in row 0');
    await expect(segmentByText(dense, ones([0, 7]), [4, 4])).rejects.toThrow(
      'classes needs at least one number along every axis',
    );
  });
});
