import { expect, it } from 'vitest';
import { shrinkSample } from './shrink-sample.ts';

const sample = (width: number, height: number, labels: number[]) => ({
  key: 'a',
  captions: {},
  image: { width, height, data: new Uint8Array(width * height * 3).fill(9) },
  labels: { width, height, data: Uint8Array.from(labels) },
});

it('shrinks a picture and its classes together, without mixing classes', () => {
  const { image, labels } = shrinkSample(sample(6, 3, [1, 1, 1, 7, 7, 7, 2, 2, 2, 8, 8, 8, 3, 3, 3, 9, 9, 9]), 2);
  expect(image).toEqual({ width: 2, height: 1, data: new Uint8Array(6).fill(9) });
  expect(labels).toEqual({ width: 2, height: 1, data: Uint8Array.of(2, 8) });
});

it('leaves what is small enough as it is', () => {
  const small = sample(2, 1, [0, 1]);
  expect(shrinkSample(small, 2)).toBe(small);
});
