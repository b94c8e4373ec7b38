import { type Rank, scalar, type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import { createRng, disposeTree, flattenTree } from '@vitrail/core';
import { expectNoLeak } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { tiny, tokenizer } from '../test/tiny-system.ts';
import { dualEncoder, textBatch } from './index.ts';

it('encodes pictures and texts to vectors of one width, and leaves nothing else behind', () => {
  const { init, encodeImages, encodeTexts } = dualEncoder(tiny(), { masks: true });
  const params = init(createRng(0));
  const [images, texts] = [zeros<Rank.R4>([2, 16, 16, 3]), textBatch(tokenizer, ['a red ball', 'blue'])];
  expectNoLeak(() => {
    const { cls, patches } = encodeImages(params.image, images);
    expect([cls.shape, patches.shape]).toEqual([
      [2, 2, 16],
      [2, 16, 16],
    ]);
    return [cls, patches];
  });
  expectNoLeak(() => {
    const pooled = encodeTexts(params.text, texts);
    expect(pooled.shape).toEqual([2, 16]);
    return [pooled];
  });
  disposeTree(params, { images }, texts);
});

it('has a mask token only where the system masks, and is otherwise the same', () => {
  tidy(() => {
    const [masking, plain] = [true, false].map((masks) => {
      return flattenTree<Tensor>(dualEncoder(tiny(), { masks }).init(createRng(4)));
    });
    expect(Object.keys(masking).filter((path) => !(path in plain))).toEqual(['image.maskToken']);
    for (const [path, leaf] of Object.entries(plain)) expect(masking[path].dataSync(), path).toEqual(leaf.dataSync());
  });
});

it('keeps the temperature between its minimum and 1, and starts it where the configuration says', () => {
  const { init, guard } = dualEncoder(tiny({ loss: { temperature: 0.1, minimumTemperature: 0.02 } }), { masks: false });
  tidy(() => {
    const temperature = (logitScale: number) => Math.exp(-guard(scalar(logitScale)).dataSync()[0]);
    expect(temperature(50)).toBeCloseTo(0.02, 6);
    expect(temperature(Math.log(1 / 0.03))).toBeCloseTo(0.03, 6);
    expect(temperature(-50)).toBe(1);
    expect(Math.exp(-init(createRng(0)).logitScale.dataSync()[0])).toBeCloseTo(0.1, 6);
  });
});
