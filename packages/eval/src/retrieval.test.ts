import { concat, mul, ones, type Rank, slice, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { expectNoLeakAsync, onBackend, sampleTensor, tidyAsync } from '@vitrail/testing';
import { expect, it } from 'vitest';
import reference from '../fixtures/reference.json' with { type: 'json' };
import { retrieval } from './retrieval.ts';

/** Two unit vectors per entry, `angle` in degrees. */
const atAngles = (...angles: number[]): Tensor2D =>
  tensor2d(angles.map((angle) => [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)]));

onBackend(['cpu', 'wasm'], () => {
  it('agrees with a stable sort in NumPy, with ties and several captions', async () => {
    await tidyAsync(async () => {
      const { owner, texts, imageToText, textToImage } = reference.retrieval;
      const sample = sampleTensor<Rank.R2>([11, 4], 9);
      const row = (i: number) => slice(sample, [i, 0], [1, 4]);
      const images = concat([0, 1, 2, 3, 2, 5, 6, 2, 8, 9, 10].map(row)); // 4 and 7 look like 2
      const scores = await retrieval({ images, texts: tensor2d(texts, [26, 4]), owner });
      expect(scores.imageToText).toEqual(roundedLike(imageToText, 11));
      expect(scores.textToImage).toEqual(roundedLike(textToImage, 26));
    });
  });

  it('counts an image when any of its captions is found, a caption when its image is', async () => {
    await tidyAsync(async () => {
      // Image 0 (0 degrees) has captions at 80 and 5 degrees, image 1 (90) one at 20.
      const scores = await retrieval({ images: atAngles(0, 90), texts: atAngles(80, 5, 20), owner: [0, 0, 1] });
      expect(scores.imageToText).toEqual({ 'R@1': 0.5, 'R@5': 1, 'R@10': 1 }); // image 1 is nearest to the caption at 80
      expect(scores.textToImage['R@1']).toBeCloseTo(1 / 3, 12); // only that at 5 finds its own
    });
  });

  it('tells ranks 5 and 6 apart', async () => {
    await tidyAsync(async () => {
      // Image 0 (0 degrees): caption j stands at 10 (j + 1) degrees, its own last of six. Images 1..5 stand where their captions are.
      const scores = await retrieval({
        images: atAngles(0, 10, 20, 30, 40, 50),
        texts: atAngles(10, 20, 30, 40, 50, 60),
        owner: [1, 2, 3, 4, 5, 0],
      });
      expect(scores.imageToText['R@5']).toBeCloseTo(5 / 6, 12);
      expect(scores.imageToText['R@10']).toBe(1);
      expect(scores.textToImage['R@5']).toBeCloseTo(5 / 6, 12);
    });
  });

  it('gives a model that sees no difference one hit in n, not all', async () => {
    await tidyAsync(async () => {
      const scores = await retrieval({
        images: ones([20, 3]),
        texts: ones([20, 3]),
        owner: Int32Array.from({ length: 20 }, (_, i) => i),
      });
      expect(scores.imageToText).toEqual({ 'R@1': 0.05, 'R@5': 0.25, 'R@10': 0.5 });
      expect(scores.textToImage).toEqual({ 'R@1': 0.05, 'R@5': 0.25, 'R@10': 0.5 });
    });
  });

  it('does not care how long the vectors are', async () => {
    await tidyAsync(async () => {
      const [images, texts] = [atAngles(0, 90), atAngles(5, 80)];
      const longer = tensor2d([
        [1, 0],
        [0, 100],
      ]);
      expect(await retrieval({ images: longer, texts: mul(texts, 7), owner: [0, 1] })).toEqual(
        await retrieval({ images, texts, owner: [0, 1] }),
      );
    });
  });
});

it('refuses what cannot be searched, and leaves nothing behind', async () => {
  await tidyAsync(async () => {
    const [images, texts] = [atAngles(0, 90), atAngles(5, 80)];
    await expectNoLeakAsync(async () => {
      await retrieval({ images, texts, owner: [0, 1] });
      return [];
    });
    await expect(retrieval({ images, texts, owner: [0] })).rejects.toThrow('owner has one label for each of 2, but 1 came');
    await expect(retrieval({ images, texts, owner: [0, 2] })).rejects.toThrow(
      'owner[1] is 2, but labels are whole numbers from 0 to 1',
    );
    await expect(retrieval({ images, texts, owner: [0, 0] })).rejects.toThrow('none of owner is image 1');
    await expect(retrieval({ images, texts: ones([2, 3]), owner: [0, 1] })).rejects.toThrow('texts is [m, 2], but [2, 3] came');
    await expect(retrieval({ images: mul(images, Number.POSITIVE_INFINITY), texts, owner: [0, 1] })).rejects.toThrow(
      'images has',
    );
    await expect(retrieval({ images: ones([0, 2]), texts, owner: [0, 1] })).rejects.toThrow('images needs at least one number');
  });
});

/** The file has nine decimals; every recall is a whole number of hits. */
function roundedLike(recalls: Record<string, number>, queries: number): Record<string, number> {
  return Object.fromEntries(Object.entries(recalls).map(([k, share]) => [k, Math.round(share * queries) / queries]));
}
