import { type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { expectClose, expectNoLeakAsync, onBackend, tidyAsync } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { classEmbeddings } from './class-embeddings.ts';

const vectors: Record<string, [number, number]> = {
  'a cat': [30, 40],
  'cat, cat': [0, 5],
  'a $& dog': [2, 0],
  '$& dog, $& dog': [7, 0],
};
const encodeTexts = (texts: readonly string[]): Tensor2D => tensor2d(texts.map((text) => vectors[text] ?? [Number.NaN, 0]));
const templates = ['a {}', '{}, {}'];

onBackend(['cpu', 'wasm'], () => {
  it('normalises each prompt, averages, and normalises again', async () => {
    await tidyAsync(async () => {
      // (0.6, 0.8) and (0, 1) average to (0.3, 0.9), of length sqrt(0.9). Averaging before normalising would give (30, 45) / 54.08.
      const length = Math.sqrt(0.9);
      const classes = await classEmbeddings(encodeTexts, ['cat', '$& dog'], templates);
      expect(classes.shape).toEqual([2, 2]);
      expectClose(classes, [0.3 / length, 0.9 / length, 1, 0]);
    });
  });

  it('keeps nothing of what encodeTexts returns', async () => {
    await expectNoLeakAsync(async () => [await classEmbeddings(encodeTexts, ['cat'], templates)]);
  });

  it('refuses what has no embedding', async () => {
    await tidyAsync(async () => {
      await expect(classEmbeddings(encodeTexts, [], templates)).rejects.toThrow('names has at least one class');
      await expect(classEmbeddings(encodeTexts, ['cat'], [])).rejects.toThrow('templates has at least one prompt');
      await expect(classEmbeddings(encodeTexts, ['cat'], ['a {}', 'a cat'])).rejects.toThrow('"a cat" has none');
      await expectNoLeakAsync(async () => {
        await expect(classEmbeddings(encodeTexts, ['cat', 'bird'], templates)).rejects.toThrow(
          'the embedding of "bird" has numbers that are not finite',
        );
        return [];
      });
      await expect(classEmbeddings(() => encodeTexts(['a cat']), ['cat'], templates)).rejects.toThrow(
        'is [2, D], but [1, 2] came',
      );
    });
  });
});
