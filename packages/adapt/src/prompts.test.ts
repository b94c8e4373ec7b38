import {
  concat,
  type Rank,
  slice,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tensor2d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { countParameters, createRng } from '@vitrail/core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { applyClipText, applyText } from '@vitrail/text';
import { applyVit } from '@vitrail/vit';
import { describe, expect, it } from 'vitest';
import { loadClipReference, textConfig } from '../test/clip-reference.ts';
import { smallTowers, text, vit } from '../test/small-towers.ts';
import { promptClipText } from './prompt-clip-text.ts';
import { promptImage } from './prompt-image.ts';
import { promptText } from './prompt-text.ts';
import { initPrompts } from './prompts.ts';

const ids = (...rows: number[][]) => tensor2d(rows, undefined, 'int32');

onBackend(['cpu', 'wasm'], () => {
  describe('in texts of CLIP', () => {
    it('are words behind the start token that the table has not', () => {
      tidy(() => {
        const { params } = loadClipReference();
        const prompts = sampleTensor<Rank.R2>([2, 8]);
        const prompted = promptClipText(textConfig, prompts, ids([27, 5, 7, 28, 0], [27, 28, 3, 0, 0]));
        const got = applyClipText(textConfig, params.text, prompted.ids, prompted).pooled;

        const table = concat([params.text.tokenEmbedding, prompts]) as Tensor2D;
        const larger = { ...textConfig, vocabularySize: 32 };
        const spelt = ids([27, 30, 31, 5, 7, 28, 0], [27, 30, 31, 28, 3, 0, 0]);
        expectClose(got, applyClipText(larger, { ...params.text, tokenEmbedding: table }, spelt).pooled, 1e-6);
      });
    });

    it('shift the text, and cut one that is too long in front of its end', () => {
      tidy(() => {
        const prompts = zeros<Rank.R2>([3, 8]);
        const texts = ids([27, 1, 2, 3, 4, 5, 28], [27, 1, 2, 3, 28, 0, 0], [27, 1, 2, 28, 0, 29, 0], [27, 29, 3, 4, 5, 28, 28]);
        const atEnd = promptClipText(textConfig, prompts, texts).ids.arraySync();
        expect(atEnd).toEqual([
          [27, 27, 27, 27, 1, 2, 3, 28],
          [27, 27, 27, 27, 1, 2, 3, 28],
          [27, 27, 27, 27, 1, 2, 28, 0],
          [27, 27, 27, 27, 29, 3, 4, 28],
        ]);
        // Without an end id it is the largest.
        const { endId: _, ...atLargest } = textConfig;
        expect(promptClipText(atLargest, prompts, texts).ids.arraySync()[3]).toEqual([27, 27, 27, 27, 29, 3, 4, 5]);
        expect(promptClipText(atLargest, prompts, texts).ids.arraySync()[2]).toEqual([27, 27, 27, 27, 1, 2, 28, 29]);
        expect(promptClipText(textConfig, prompts, ids([27, 1, 28])).ids.arraySync()).toEqual([[27, 27, 27, 27, 1, 28]]);
      });
    });
  });

  describe('in texts of TIPS', () => {
    const prompts = () => sampleTensor<Rank.R2>([2, 8]);

    it('are words in front that the table has not, in the mean too', () => {
      tidy(() => {
        const { params, texts } = smallTowers();
        const prompted = promptText(text, prompts(), texts);
        expect(prompted.inputs.padding.arraySync()).toEqual([
          [0, 0, 0, 0, 0, 0],
          [0, 0, 0, 0, 1, 1],
        ]);
        const got = applyText(text, params.text, prompted.inputs, prompted).pooled;
        const tokenEmbedding = concat([params.text.tokenEmbedding, prompts()]) as Tensor2D;
        const spelt = { ids: ids([20, 21, 3, 4, 5, 6], [20, 21, 8, 9, 0, 0]), padding: prompted.inputs.padding };
        expectClose(got, applyText({ ...text, vocabularySize: 22 }, { ...params.text, tokenEmbedding }, spelt).pooled, 1e-6);
      });
    });

    it('have the gradient of central differences', () => {
      tidy(() => {
        const { params, texts } = smallTowers();
        const apply = (own: Tensor) => {
          const prompted = promptText(text, own as Tensor2D, texts);
          return applyText(text, params.text, prompted.inputs, prompted).pooled;
        };
        expectGradient(apply, [prompts()], { tolerance: 5e-3 });
      });
    });
  });

  describe('in images', () => {
    it('stand behind the CLS tokens, change them, and do not come back', () => {
      tidy(() => {
        const { params, images } = smallTowers();
        const prompts = sampleTensor<Rank.R2>([3, 12]);
        let seen: readonly number[] = [];
        const hooks = promptImage(prompts, { clsTokens: 2 });
        const onEmbeddings = {
          after(tokens: Tensor3D) {
            const longer = hooks.after?.(tokens) ?? tokens;
            seen = longer.shape;
            expectClose(slice(longer, [0, 0, 0], [2, 2, 12]), slice(tokens, [0, 0, 0], [2, 2, 12]));
            for (const b of [0, 1]) expectClose(slice(longer, [b, 2, 0], [1, 3, 12]), prompts);
            return longer;
          },
        };
        const base = applyVit(vit, params.image, images, { blocks: [0, 1] });
        const got = applyVit(vit, params.image, images, { blocks: [0, 1], onEmbeddings });
        expect(seen).toEqual([2, 2 + 3 + 16, 12]);
        for (const name of ['cls', 'patches'] as const) {
          expect(got[name].shape).toEqual(base[name].shape);
          expect(() => expectClose(got[name], base[name], 1e-3)).toThrow();
        }
        for (const block of [0, 1]) expect(got.blocks[block].shape).toEqual([2, 18, 12]);
      });
    });
  });

  it('leave nothing behind but what they return', () => {
    tidy(() => {
      const [own, texts] = [initPrompts({ count: 3, widths: { text: 8 } }, createRng(0)).prompts.text, ids([27, 1, 2, 3, 4, 28])];
      const padding = zeros<Rank.R2>([1, 6]);
      expectNoLeak(() => [promptClipText(textConfig, own, texts).ids]);
      expectNoLeak(() => Object.values(promptText(text, own, { ids: texts, padding }).inputs));
    });
  });
});

it('start as N(0, 0.02^2), P d numbers per modality', () => {
  tidy(() => {
    const params = initPrompts({ count: 16, widths: { image: 768, text: 512 } }, createRng(0));
    expect(countParameters(params)).toBe(16 * (768 + 512));
    const values = params.prompts.text.dataSync<'float32'>();
    expect(Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length)).toBeCloseTo(0.02, 3);
  });
});

describe('say what is wrong with', () => {
  it('counts and widths', () => {
    tidy(() => {
      expect(() => initPrompts({ count: 0, widths: { text: 8 } }, createRng(0))).toThrow(
        'count is a whole number of at least 1, but 0',
      );
      const some = (count: number, width: number) => zeros<Rank.R2>([count, width]);
      const row = ids([27, 28]);
      expect(() => promptClipText(textConfig, some(7, 8), row)).toThrow(
        'takes 8 tokens, so there can be 1 to 6 prompts, but 7 came',
      );
      expect(() => promptClipText(textConfig, some(2, 12), row)).toThrow('prompts is [P, 8], but [2, 12] came');
      const texts = { ids: row, padding: zeros<Rank.R2>([1, 2]) };
      expect(() => promptText(text, some(6, 8), texts)).toThrow('takes 6 tokens, so there can be 1 to 5 prompts, but 6 came');
      expect(() => promptText(text, some(2, 12), texts)).toThrow('prompts is [P, 8], but [2, 12] came');
      const { params, images } = smallTowers();
      const onEmbeddings = promptImage(some(2, 8), { clsTokens: 2 });
      expect(() => applyVit(vit, params.image, images, { onEmbeddings })).toThrow('prompts is [P, 12], but [2, 8] came');
    });
  });
});
