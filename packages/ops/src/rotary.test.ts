import { ones, type Rank, tensor2d, tensor3d, tensor4d, tidy, zeros } from '@tensorflow/tfjs-core';
import { expectClose, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { attention } from './attention.ts';
import { rotate, rotateBack } from './rotary.ts';

/** A table of one frequency per pair of dimensions: row n has the angles `n * frequencies[pair]`, each twice. */
function turning(tokens: number, frequencies: number[], start = 0) {
  const angles = Array.from({ length: tokens }, (_, n) => frequencies.flatMap((f) => [(n + start) * f, (n + start) * f]));
  return { cos: tensor2d(angles.map((row) => row.map(Math.cos))), sin: tensor2d(angles.map((row) => row.map(Math.sin))) };
}

onBackend(['cpu', 'wasm'], () => {
  it('turns pairs of neighbouring dimensions, as EVA-02', () => {
    tidy(() => {
      // VisionRotaryEmbeddingFast of baaivision/EVA (EVA-02), head size 8, 4 x 4 patches, pre-training grid 16: patch 6 (row 1, column 2).
      const twice = (values: number[]) => tensor2d([values.flatMap((value) => [value, value])]);
      const rotary = {
        cos: twice([-0.653644, 0.9992, -0.1455, 0.996802]),
        sin: twice([-0.756802, 0.039989, 0.989358, 0.079915]),
      };
      const turned = rotate(tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 1, 8]), rotary);
      expectClose(turned, [0.859961, -2.06409, 2.837643, 4.116768, -6.66365, 4.073791, 6.338294, 8.533816], 1e-5);
    });
  });

  it('is undone by its transpose', () => {
    tidy(() => {
      const x = sampleTensor<Rank.R4>([2, 3, 5, 4]);
      const rotary = turning(5, [1, 0.1]);
      expectClose(rotateBack(rotate(x, rotary), rotary), x);
    });
  });

  it('makes attention depend on relative positions only', () => {
    tidy(() => {
      const qkv = sampleTensor<Rank.R3>([2, 5, 24]);
      const here = attention(qkv, { heads: 2, rotary: turning(5, [1, 0.1]) });
      const elsewhere = attention(qkv, { heads: 2, rotary: turning(5, [1, 0.1], 17) });
      expectClose(elsewhere, here, 1e-4);
      expect(Math.abs(here.dataSync()[0] - attention(qkv, { heads: 2 }).dataSync()[0])).toBeGreaterThan(1e-4);
    });
  });

  it('leaves tokens with cos 1 and sin 0 alone, and takes a table per sample', () => {
    tidy(() => {
      const qkv = sampleTensor<Rank.R3>([2, 3, 24]);
      const still = { cos: ones<Rank.R2>([3, 4]), sin: zeros<Rank.R2>([3, 4]) } as never;
      expectClose(attention(qkv, { heads: 2, rotary: still }), attention(qkv, { heads: 2 }));
      const table = turning(3, [1, 0.1]);
      const perSample = (values: ArrayLike<number>) => tensor3d([...Array.from(values), ...Array.from(values)], [2, 3, 4]);
      const both = { cos: perSample(table.cos.dataSync()), sin: perSample(table.sin.dataSync()) };
      expectClose(attention(qkv, { heads: 2, rotary: both }), attention(qkv, { heads: 2, rotary: table }));
    });
  });
});

it('says which table does not fit', () => {
  tidy(() => {
    const rotary = turning(4, [1, 0.1]);
    expect(() => attention(ones([2, 5, 24]), { heads: 2, rotary })).toThrow('attention: rotary.cos is [5, 4], but [4, 4] came');
    const odd = { cos: ones([5, 3]), sin: zeros([5, 3]) } as never;
    expect(() => attention(ones([2, 5, 18]), { heads: 2, rotary: odd })).toThrow('the head size is even, but 3 came');
  });
});
