import { type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { expectClose, expectNoLeak, onBackend } from '@vitrail/testing';
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
  it('normalises each prompt, averages, and normalises again', () => {
    tidy(() => {
      // (0.6, 0.8) and (0, 1) average to (0.3, 0.9), of length sqrt(0.9). Averaging before normalising would give (30, 45) / 54.08.
      const length = Math.sqrt(0.9);
      const classes = classEmbeddings(encodeTexts, ['cat', '$& dog'], templates);
      expect(classes.shape).toEqual([2, 2]);
      expectClose(classes, [0.3 / length, 0.9 / length, 1, 0]);
    });
  });

  it('keeps nothing of what encodeTexts returns', () => {
    expectNoLeak(() => [classEmbeddings(encodeTexts, ['cat'], templates)]);
  });

  it('refuses what has no embedding', () => {
    tidy(() => {
      expect(() => classEmbeddings(encodeTexts, [], templates)).toThrow('names has at least one class');
      expect(() => classEmbeddings(encodeTexts, ['cat'], [])).toThrow('templates has at least one prompt');
      expect(() => classEmbeddings(encodeTexts, ['cat'], ['a {}', 'a cat'])).toThrow('"a cat" has none');
      expect(() => classEmbeddings(encodeTexts, ['cat', 'bird'], templates)).toThrow('the embedding of "bird" has NaN in row 0');
      expect(() => classEmbeddings(() => encodeTexts(['a cat']), ['cat'], templates)).toThrow('is [2, D], but [1, 2] came');
    });
  });
});
