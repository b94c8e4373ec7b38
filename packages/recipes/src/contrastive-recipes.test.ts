import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import { createRng } from '@vitrail/core';
import { describe, expect, it } from 'vitest';
import { hostBatch, lossAndGradients, tinyContrastive, tokenizer } from '../test/tiny-system.ts';
import { clip, type FlipConfiguration, flip, type SiglipConfiguration, siglip } from './index.ts';

describe('siglip', () => {
  const config = (bias: number): SiglipConfiguration => {
    const shared = tinyContrastive();
    return { ...shared, loss: { ...shared.loss, temperature: 0.1, bias } };
  };

  it('asks of every picture and every caption whether they belong together', () => {
    tidy(() => {
      const { program, prepare, encoder } = siglip.assemble(config(-2));
      const start = program.init(createRng(7));
      const batch = prepare(tokenizer, hostBatch(config(-2)));
      const { terms, gradients } = lossAndGradients(program, start, batch);
      const { image, text } = start.params;
      const texts = batch as {
        global: Parameters<typeof encoder.encodeImages>[1];
        texts: Parameters<typeof encoder.encodeTexts>[1];
      };
      const pictures = encoder.encodeImages(image, texts.global).cls.arraySync(); // [3, 2, D]
      const captions = encoder.encodeTexts(text, texts.texts).arraySync(); // [2 * 3, D]
      const unit = (v: number[]) => v.map((x) => x / Math.hypot(...v));
      let sum = 0;
      for (const stream of [0, 1]) {
        for (const i of [0, 1, 2]) {
          for (const j of [0, 1, 2]) {
            const [u, v] = [unit(pictures[i][stream]), unit(captions[stream * 3 + j])];
            const score = 10 * u.reduce((dot, x, k) => dot + x * v[k], 0) - 2;
            sum += Math.log1p(Math.exp(i === j ? -score : score));
          }
        }
      }
      expect(terms.loss).toBeCloseTo(sum / (2 * 3), 4);
      expect(Object.keys(gradients)).toContain('logitBias');
      for (const gradient of Object.values(gradients)) expect(gradient).not.toBe('none');
    });
  });

  it('refuses a bias that is no number', () => {
    expect(() => siglip.assemble(config(Number.NaN))).toThrow('loss.bias');
  });

  it('starts where one caption of a small batch is expected to match, and at -10 in the sizes of the paper', () => {
    expect(siglip.presets['B/14'].config.loss).toMatchObject({ temperature: 0.1, bias: -10 });
    expect(siglip.presets.tiny.config.loss.bias).toBeCloseTo(-Math.log(siglip.presets.tiny.config.train.batchSize - 1), 2);
  });
});

describe('flip', () => {
  const config = (mask: Partial<FlipConfiguration['mask']>): FlipConfiguration => ({
    ...tinyContrastive(),
    mask: { kind: 'random', ratio: 0.5, wholeSteps: 2, ...mask },
  });

  it('sees the patches that are left, and all of them in the last steps, where it is CLIP', () => {
    tidy(() => {
      const { program, prepare } = flip.assemble(config({}));
      const start = program.init(createRng(7));
      const batch = prepare(tokenizer, hostBatch(tinyContrastive()));
      expect((batch as { keep: Tensor }).keep.shape).toEqual([3, 8]); // Of 16 patches.
      const lossAt = (step: number) => program.loss(start.params, start.carried, batch, step).loss.dataSync()[0];
      const plain = clip.assemble(tinyContrastive());
      const whole = plain.program
        .loss(start.params, {}, plain.prepare(tokenizer, hostBatch(tinyContrastive())), 0)
        .loss.dataSync()[0];
      const { steps } = tinyContrastive().train;
      expect(lossAt(steps - 2)).toBe(whole);
      expect(lossAt(steps - 3)).not.toBe(whole);
      expect(lossAt(steps - 3)).toBe(lossAt(0));
    });
  });

  it.each([
    [{ ratio: 1 }, 'mask.ratio 1 hides all 16 patches'],
    [{ ratio: -0.1 }, 'mask.ratio'],
    [{ wholeSteps: 0.5 }, 'mask.wholeSteps'],
    [{ kind: 'blok' as 'block' }, 'mask.kind'],
  ])('refuses the mask %o', (mask, name) => {
    expect(() => flip.assemble(config(mask))).toThrow(name);
  });
});
