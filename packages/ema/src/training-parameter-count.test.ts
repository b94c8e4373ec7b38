import { expect, it } from 'vitest';
import { trainingParameterCount } from './training-parameter-count.ts';

/** ViT-B/14 of TIPSv2, and DINO's head: linear layers 768 -> 2048 -> 2048 -> 256 with biases, then 256 x 32768 without. */
const image = 86_300_000;
const head = 768 * 2048 + 2048 + (2048 * 2048 + 2048) + (2048 * 256 + 256) + 256 * 32_768;

const saving = (heads: number) =>
  1 - trainingParameterCount('heads', { image, heads }) / trainingParameterCount('full', { image, heads });

it('counts the student, and once more what is averaged', () => {
  const counts = { image: 1000, heads: 200, text: 30 };
  expect(trainingParameterCount('full', counts)).toBe(1230 + 1200);
  expect(trainingParameterCount('heads', counts)).toBe(1230 + 200);
  expect(trainingParameterCount('none', counts)).toBe(1230);
  expect(trainingParameterCount('frozen', counts)).toBe(1230);
});

it('saves what TIPSv2 says it does: 42 % of the training parameters of a ViT-B', () => {
  expect(saving(16_000_000)).toBeCloseTo(0.42, 2);
  expect(head).toBe(14_684_416);
  expect(saving(head)).toBeCloseTo(0.427, 3);
  // Two heads that share nothing, as in this repository's recipes, save a smaller share of a larger whole; the encoder saved is the same.
  expect(saving(2 * head)).toBeCloseTo(0.373, 3);
});

it('saves exactly one encoder, whatever the heads', () => {
  for (const heads of [0, head, 2 * head]) {
    const text = 109_600_000;
    const difference =
      trainingParameterCount('full', { image, heads, text }) - trainingParameterCount('heads', { image, heads, text });
    expect(difference).toBe(image);
  }
});

it('refuses counts that are none, and unknown policies', () => {
  expect(() => trainingParameterCount('full', { image: -1, heads: 0 })).toThrow(
    'image is a whole number of at least 0, but -1 came',
  );
  expect(() => trainingParameterCount('full', { image: 1, heads: 0.5 })).toThrow(
    'heads is a whole number of at least 0, but 0.5 came',
  );
  expect(() => trainingParameterCount('ema' as 'full', { image: 1, heads: 1 })).toThrow('a teacher policy is one of');
});
