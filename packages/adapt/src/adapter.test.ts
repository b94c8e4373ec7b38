import { slice, squeeze, type Tensor, type Tensor4D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { countShapes, createRng, flattenTree, treeLeaves } from '@vitrail/core';
import { expectClose, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { applyText, initClipText } from '@vitrail/text';
import { applyVit, initClipVit } from '@vitrail/vit';
import { describe, expect, it } from 'vitest';
import { imageConfig, textConfig } from '../test/clip-reference.ts';
import { moved, smallTowers, text, vit } from '../test/small-towers.ts';
import { adaptableClip, adaptableTips, type TowerParams } from './adaptable-towers.ts';
import { type AdapterConfig, createAdapter, type Modality } from './adapter.ts';

const modalities: readonly Modality[] = ['image', 'text'];

/** Both kinds of towers, moved away from zeros and ones, and inputs for them; for the inside of a `tidy`. */
const kinds = {
  tips: () => {
    const { params, images, texts } = smallTowers();
    const base: TowerParams = { image: moved(params.image, 40), text: moved(params.text, 60) };
    return { towers: adaptableTips({ vit, text }), base, images, texts, widths: { image: 12, text: 8 } };
  },
  clip: () => {
    const { padding } = smallTowers().texts;
    const ids = tensor2d([27, 4, 5, 6, 7, 28, 27, 8, 9, 28, 0, 0], [2, 6], 'int32');
    const base: TowerParams = { image: initClipVit(imageConfig, createRng(0)), text: initClipText(textConfig, createRng(1)) };
    const side = imageConfig.imageSize;
    return {
      towers: adaptableClip({ image: imageConfig, text: textConfig }),
      base,
      images: sampleTensor([2, side, side, 3]) as Tensor4D,
      texts: { ids, padding },
      widths: { image: imageConfig.width, text: textConfig.width },
    };
  },
};

const identical: Record<string, AdapterConfig> = {
  'AdaLink after positions': { method: 'adalink', place: 'after', rank: 2, modalities, activation: 'gelu' },
  'AdaLink before them': { method: 'adalink', place: 'before', rank: 2, modalities },
  LoRA: { method: 'lora', rank: 2, modalities },
  'fine-tuning': { method: 'finetune', modalities },
};

const values = (x: Tensor) => [...x.dataSync()];

onBackend(['cpu', 'wasm'], () => {
  describe.each(Object.entries(kinds))('on the towers of %s', (_, kind) => {
    it.each(Object.entries(identical))(
      '%s starts with the bits of the model, and without it they are there again',
      (_, config) => {
        tidy(() => {
          const { towers, base, images, texts } = kind();
          const before = Object.values(flattenTree<Tensor>(base)).map(values);
          const plain = [towers.image.encode(base.image, images), towers.text.encode(base.text, texts)].map(values);
          const adapter = createAdapter(config, towers);
          const fresh = adapter.init(base, createRng(0));
          const shared = treeLeaves<Tensor>(base); // What is trained is disposed at every step.
          expect(treeLeaves<Tensor>(fresh).filter((leaf) => shared.includes(leaf))).toEqual([]);
          expect(values(adapter.encodeImages(base, fresh, images))).toEqual(plain[0]);
          expect(values(adapter.encodeTexts(base, fresh, texts))).toEqual(plain[1]);
          const learned = moved(fresh);
          expect(values(adapter.encodeImages(base, learned, images))).not.toEqual(plain[0]);
          expect(values(adapter.encodeTexts(base, learned, texts))).not.toEqual(plain[1]);
          expect(Object.values(flattenTree<Tensor>(base)).map(values)).toEqual(before);
          expect(values(towers.image.encode(base.image, images))).toEqual(plain[0]);
        });
      },
    );

    it.each(modalities)('one on %s alone leaves the other tower as it is', (modality) => {
      tidy(() => {
        const { towers, base, images, texts } = kind();
        const plain = [towers.image.encode(base.image, images), towers.text.encode(base.text, texts)].map(values);
        for (const config of [...Object.values(identical), { method: 'prompt', count: 2 } as AdapterConfig]) {
          const adapter = createAdapter({ ...config, modalities: [modality] }, towers);
          const own = moved(adapter.init(base, createRng(0)));
          const got = [adapter.encodeImages(base, own, images), adapter.encodeTexts(base, own, texts)].map(values);
          const [adapted, other] = modality === 'image' ? [0, 1] : [1, 0];
          expect(got[other]).toEqual(plain[other]);
          expect(got[adapted]).not.toEqual(plain[adapted]);
        }
      });
    });

    it('trains 2 d r numbers per modality with AdaLink, P d with prompts, all with fine-tuning', () => {
      tidy(() => {
        const { towers, base, widths } = kind();
        const count = (config: AdapterConfig) => countShapes(createAdapter(config, towers).shapes);
        for (const modality of modalities) {
          const one = { modalities: [modality] };
          expect(count({ method: 'adalink', place: 'after', rank: 3, ...one })).toBe(2 * widths[modality] * 3);
          expect(count({ method: 'prompt', count: 3, ...one })).toBe(3 * widths[modality]);
          const all = Object.values(flattenTree<Tensor>(base[modality])).reduce((sum, { size }) => sum + size, 0);
          expect(count({ method: 'finetune', ...one })).toBe(all);
        }
      });
    });

    it.each<[string, AdapterConfig]>([
      ['AdaLink before positions', { method: 'adalink', place: 'before', rank: 2, modalities }],
      ['AdaLink in texts with GELU', { method: 'adalink', place: 'before', rank: 2, modalities: ['text'], activation: 'gelu' }],
      ['LoRA', { method: 'lora', rank: 2, modalities }],
      ['LoRA in images', { method: 'lora', rank: 2, modalities: ['image'] }],
      ['fine-tuning', { method: 'finetune', modalities: ['text'] }],
    ])('%s merges into towers that give the same', (_, config) => {
      tidy(() => {
        const { towers, base, images, texts } = kind();
        const adapter = createAdapter(config, towers);
        const own = moved(adapter.init(base, createRng(0)));
        const merged = adapter.merge(base, own);
        expect(Object.keys(flattenTree<Tensor>(merged))).toEqual(Object.keys(flattenTree<Tensor>(base)));
        expectClose(towers.image.encode(merged.image, images), adapter.encodeImages(base, own, images), 1e-6);
        expectClose(towers.text.encode(merged.text, texts), adapter.encodeTexts(base, own, texts), 1e-6);
      });
    });
  });

  it('a picture of TIPS is its last CLS token, and prompts of texts come in front of them', () => {
    tidy(() => {
      const { towers, base, images, texts } = kinds.tips();
      const { cls } = applyVit(vit, base.image as never, images);
      expect(values(towers.image.encode(base.image, images))).toEqual(values(squeeze(slice(cls, [0, 1, 0], [2, 1, 12]), [1])));
      const adapter = createAdapter({ method: 'prompt', count: 1, modalities: ['text'] }, towers);
      const own = { prompts: { text: slice(base.text.tokenEmbedding as Tensor, [9, 0], [1, 8]) } };
      // The prompt is the word 9, in front; the longer text loses its last word.
      const ids = tensor2d([9, 3, 4, 5, 6, 7, 9, 8, 9, 0, 0, 0], [2, 6], 'int32');
      const padding = tensor2d([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1], [2, 6]);
      const expected = applyText(text, base.text as never, { ids, padding }).pooled;
      expectClose(adapter.encodeTexts(base, own, texts), expected, 1e-6);
    });
  });
});

it('says why what does not merge does not', () => {
  tidy(() => {
    const { towers, base } = kinds.tips();
    const merge = (config: AdapterConfig) => {
      const adapter = createAdapter(config, towers);
      return () => adapter.merge(base, adapter.init(base, createRng(0)));
    };
    const rank = 2;
    expect(merge({ method: 'adalink', place: 'after', rank, modalities })).toThrow(
      'after positions were added is part of no matrix',
    );
    expect(merge({ method: 'adalink', place: 'before', rank, modalities, activation: 'relu' })).toThrow(
      'AdaLink with relu does not merge into the patch projection',
    );
    expect(merge({ method: 'prompt', count: 2, modalities })).toThrow('part of no parameter of the towers');
  });
});

it('leaves nothing behind but what it returns', () => {
  tidy(() => {
    const { towers, base, images, texts } = kinds.tips();
    for (const config of [...Object.values(identical), { method: 'prompt', count: 2, modalities } as AdapterConfig]) {
      const adapter = createAdapter(config, towers);
      const own = adapter.init(base, createRng(0));
      expectNoLeak(() => [adapter.encodeImages(base, own, images), adapter.encodeTexts(base, own, texts)]);
    }
  });
});
