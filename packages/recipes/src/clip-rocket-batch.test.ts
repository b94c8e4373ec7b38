import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import { createRng } from '@vitrail/core';
import { byolViews, clipRocketStrong, clipRocketWeak, makeViews } from '@vitrail/data';
import { expectClose } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { rowsOf } from '../test/by-hand.ts';
import { rocketHostBatch, tinyRocket } from '../test/tiny-rocket.ts';
import { tokenizer } from '../test/tiny-system.ts';
import { assembleClipRocket, type RocketConfiguration } from './index.ts';

describe('a batch', () => {
  const numbers = (tensor: Tensor) => [...tensor.dataSync()];

  it('has captions without stop words, and strong ones that are drawn and changed each for itself', () => {
    tidy(() => {
      const texts = (rocket: Partial<RocketConfiguration['rocket']>) => {
        const config = tinyRocket({ rocket });
        const { strong, texts: weak } = assembleClipRocket(config).prepare(tokenizer, rocketHostBatch(config));
        return { weak: numbers(weak.ids), strong: strong ? rowsOf(strong.texts.ids) : [] };
      };
      const all = texts({});
      expect(all.strong.length).toBe(6);
      expect(all.strong.slice(0, 3)).not.toEqual(all.strong.slice(3));
      expect(texts({ views: 3 }).strong.slice(0, 3)).toEqual(texts({ views: 3, images: 'weak' }).strong.slice(0, 3));
      const without = texts({ stopWordRemoval: 1 });
      const stopWords = [...tokenizer.encode('a on')];
      expect(all.weak.some((id) => stopWords.includes(id))).toBe(true);
      for (const id of [...without.weak, ...without.strong.flat()]) expect(stopWords).not.toContain(id);
      expect(texts({ textAugmentation: true }).strong).not.toEqual(all.strong);
      expect(texts({ textAugmentation: true }).weak).toEqual(all.weak);
      // Only words of the groups are replaced: here every one of them that is drawn becomes `cube`.
      const replaced = texts({ textAugmentation: true, synonyms: [['red', 'blue', 'ball', 'photo', 'grass', 'cube']] });
      expect(replaced.strong).not.toEqual(texts({ textAugmentation: true }).strong);
    });
  });

  it('has pictures with the mean and deviation of ImageNet taken off, view by view', () => {
    tidy(() => {
      const config = tinyRocket();
      const host = rocketHostBatch(config);
      const { global, strong } = assembleClipRocket(config).prepare(tokenizer, host);
      const expected = (pixels: Float32Array) =>
        pixels.map((value, i) => (value - [0.485, 0.456, 0.406][i % 3]) / [0.229, 0.224, 0.225][i % 3]);
      expectClose(global, expected(host.global), 1e-5);
      const [first, second] = host.augmented ?? [];
      expectClose(strong?.images as Tensor, [...expected(first), ...expected(second)], 1e-5);
    });
  });

  it('needs the views of the system, and says so', () => {
    const config = tinyRocket();
    const system = assembleClipRocket(config);
    const { augmented, ...lacking } = rocketHostBatch(config);
    expect(() => tidy(() => system.prepare(tokenizer, lacking) as never)).toThrow(
      '2 augmented views of every picture, but 0 came',
    );
    expect(() => system.prepare(undefined, lacking)).toThrow('captions need a tokenizer');
    const of = (rocket: Partial<RocketConfiguration['rocket']>) => assembleClipRocket(tinyRocket({ rocket })).views?.augmented;
    expect(of({})).toEqual([clipRocketStrong(16), clipRocketStrong(16)]);
    expect(of({ images: 'weak', views: 1 })).toEqual([clipRocketWeak(16)]);
    expect(of({ images: 'byol' })).toEqual(byolViews(16));
    expect(
      system.views && makeViews({ width: 3, height: 2, data: new Uint8Array(18) }, system.views, createRng(0)).augmented?.length,
    ).toBe(2);
  });
});
