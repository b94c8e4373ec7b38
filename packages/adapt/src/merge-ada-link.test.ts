import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import { createRng } from '@vitrail/core';
import { expectClose, onBackend } from '@vitrail/testing';
import { applyClipText, applyText } from '@vitrail/text';
import { applyClipVit, applyVit } from '@vitrail/vit';
import { expect, it } from 'vitest';
import { imageConfig, loadClipReference, textConfig } from '../test/clip-reference.ts';
import { moved, smallTowers, text, vit } from '../test/small-towers.ts';
import { adaLink, initAdaLink } from './ada-link.ts';
import { mergeAdaLinkIntoPatches, mergeAdaLinkIntoTable } from './merge-ada-link.ts';

const config = { widths: { image: 12, text: 8 }, rank: 3, scale: 0.5 };

/** Enough of a module to move every output by more than rounding. */
const module = () => moved(initAdaLink(config, createRng(0)));

function expectSame(merged: Tensor, hooked: Tensor, base: Tensor): void {
  expectClose(merged, hooked, 2e-5);
  expect(() => expectClose(base, hooked, 1e-2)).toThrow();
}

onBackend(['cpu', 'wasm'], () => {
  it.each([undefined, 'gelu', 'relu'] as const)(
    'a table has what a text tower with the module before positions gives: %s',
    (activation) => {
      tidy(() => {
        const own = { ...config, activation };
        const tuned = module();
        const onEmbeddings = { before: adaLink(own, tuned, 'text') };
        const { params, texts } = smallTowers();
        const tips = (tower: typeof params.text, options = {}) => applyText(text, tower, texts, options).pooled;
        expectSame(
          tips(mergeAdaLinkIntoTable(own, tuned, 'text', params.text)),
          tips(params.text, { onEmbeddings }),
          tips(params.text),
        );

        const { params: clip, ids } = loadClipReference();
        const pooled = (tower: typeof clip.text, options = {}) => applyClipText(textConfig, tower, ids, options).pooled;
        expectSame(
          pooled(mergeAdaLinkIntoTable(own, tuned, 'text', clip.text)),
          pooled(clip.text, { onEmbeddings }),
          pooled(clip.text),
        );
      });
    },
  );

  it('a patch projection, with bias or without, has what an image tower with the module before positions gives', () => {
    tidy(() => {
      const tuned = module();
      const onEmbeddings = { before: adaLink(config, tuned, 'image') };
      const { params, images, mask } = smallTowers();
      const tips = (tower: typeof params.image, options = {}) => applyVit(vit, tower, images, { mask, ...options }).patches;
      const merged = mergeAdaLinkIntoPatches(config, tuned, 'image', params.image);
      expectSame(tips(merged), tips(params.image, { onEmbeddings }), tips(params.image));
      // Masked patches do not pass the module, merged or not.
      expect(merged.maskToken).toBe(params.image.maskToken);

      const { params: clip, images: pixels } = loadClipReference();
      const pooled = (tower: typeof clip.image, options = {}) => applyClipVit(imageConfig, tower, pixels, options).pooled;
      const mergedClip = mergeAdaLinkIntoPatches(config, tuned, 'image', clip.image);
      expect(mergedClip.patchEmbed.bias).toBeUndefined();
      expectSame(pooled(mergedClip), pooled(clip.image, { onEmbeddings }), pooled(clip.image));
    });
  });
});

it('an activation does not merge into a projection', () => {
  tidy(() => {
    const { params } = smallTowers();
    expect(() => mergeAdaLinkIntoPatches({ ...config, activation: 'relu' }, module(), 'image', params.image)).toThrow(
      'only a module without an activation merges into a projection, but this one has relu',
    );
  });
});
