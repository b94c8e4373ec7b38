import { avgPool, matMul, ones, type Rank, reshape, type Tensor4D } from '@tensorflow/tfjs-core';
import { expectNoLeakAsync, onBackend, sampleTensor, tidyAsync } from '@vitrail/testing';
import { expect, it } from 'vitest';
import reference from '../fixtures/reference.json' with { type: 'json' };
import { segmentSliding } from './segment-sliding.ts';

/** Averages of 4 x 4 pixels, projected to 5 channels. */
function encode(pixels: Tensor4D): Tensor4D {
  const pooled = avgPool(pixels, 4, 4, 'valid');
  const [, rows, columns] = pooled.shape;
  return reshape(matMul(reshape(pooled, [rows * columns, 3]), sampleTensor<Rank.R2>([3, 5], 7)), [1, rows, columns, 5]);
}

const classes = () => sampleTensor<Rank.R2>([4, 5], 8);

onBackend(['cpu', 'wasm'], () => {
  it('agrees with the reference where windows overlap and the last one moves back', async () => {
    await tidyAsync(async () => {
      const picture = sampleTensor<Rank.R4>([1, 20, 27, 3], 6);
      const labels = await segmentSliding({ picture, encode, classes: classes(), size: [31, 40], window: 12, stride: 8 });
      expect([...labels]).toEqual(reference.segmentSliding.windows);
    });
  });

  it('agrees with the reference along a side shorter than the window', async () => {
    await tidyAsync(async () => {
      const picture = sampleTensor<Rank.R4>([1, 8, 30, 3], 6);
      const labels = await segmentSliding({ picture, encode, classes: classes(), size: [8, 30], window: 12, stride: 8 });
      expect([...labels]).toEqual(reference.segmentSliding.narrow);
    });
  });
});

it('looks through windows of 448 pixels every 336', async () => {
  await tidyAsync(async () => {
    const windows = async (width: number) => {
      const seen: number[][] = [];
      const record = (pixels: Tensor4D) => {
        seen.push(pixels.shape.slice(1, 3));
        return ones<Rank.R4>([1, 1, 2, 5]);
      };
      await segmentSliding({ picture: ones([1, 2, width, 3]), encode: record, classes: classes(), size: [1, 1] });
      return seen;
    };
    expect(await windows(784)).toEqual(new Array(2).fill([2, 448])); // starts 0 and 336
    expect(await windows(785)).toEqual(new Array(3).fill([2, 448])); // and 337
    expect(await windows(300)).toEqual([[2, 300]]);
  });
});

it('leaves nothing behind, whatever happens, and refuses what has no windows', async () => {
  await tidyAsync(async () => {
    const picture = ones<Rank.R4>([1, 20, 20, 3]);
    const words = classes();
    const settings = { picture, encode, classes: words, size: [5, 5], window: 12, stride: 8 } as const;
    await expectNoLeakAsync(async () => {
      await segmentSliding(settings);
      return [];
    });
    await expectNoLeakAsync(async () => {
      const failing = () => {
        throw new Error('out of memory');
      };
      await expect(segmentSliding({ ...settings, encode: failing })).rejects.toThrow('out of memory');
      return [];
    });
    await expect(segmentSliding({ ...settings, stride: 0 })).rejects.toThrow(
      'stride is a whole number of at least 1, but 0 came',
    );
    await expect(segmentSliding({ ...settings, window: 1.5 })).rejects.toThrow(
      'window is a whole number of at least 1, but 1.5 came',
    );
    await expect(segmentSliding({ ...settings, stride: 13 })).rejects.toThrow('stride is at most the window, 12, but 13 came');
    await expect(segmentSliding({ ...settings, encode: () => ones([1, 2, 2, 6]) })).rejects.toThrow(
      'classes is [C, 6], but [4, 5] came',
    );
    await expect(segmentSliding({ ...settings, picture: ones([1, 20, 20, 4]) })).rejects.toThrow('picture is [1, h, w, 3]');
  });
});
