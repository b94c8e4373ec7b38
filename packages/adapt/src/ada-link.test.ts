import {
  engine,
  mean,
  type Rank,
  type Scalar,
  square,
  type Tensor,
  type Tensor2D,
  tensor2d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { countParameters, countShapes, createRng, disposeTree, flattenTree } from '@vitrail/core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { applyText } from '@vitrail/text';
import { applyVit } from '@vitrail/vit';
import { describe, expect, it } from 'vitest';
import gold from '../fixtures/gold.json' with { type: 'json' };
import { moved, smallTowers, text, vit } from '../test/small-towers.ts';
import { type AdaLinkConfig, type AdaLinkParams, adaLink, adaLinkShapes, initAdaLink } from './ada-link.ts';

const wave = (shape: [number, number], factor: number, start: number, step: number) =>
  tensor2d(
    Float32Array.from({ length: shape[0] * shape[1] }, (_, k) => factor * Math.sin(start + step * k)),
    shape,
  );

onBackend(['cpu', 'wasm'], () => {
  it.each(['linear', 'gelu', 'relu', 'start'] as const)('has the values and gradients of the definition: %s', (name) => {
    tidy(() => {
      const activation = name === 'gelu' || name === 'relu' ? name : undefined;
      const config: AdaLinkConfig = { widths: { text: 4 }, rank: 2, activation };
      const x = wave([3, 4], 1, 0.3, 0.7);
      const down = wave([4, 2], 0.5, 0.1, 1.1);
      const up = wave([2, 4], name === 'start' ? 0 : 0.5, 0.9, 0.8);
      const apply = () => adaLink(config, { adalink: { text: { down, up } } }, 'text')(x);
      const { value, grads } = engine().gradients(() => mean(square(apply())) as Scalar, [x, down, up]);
      const expected = gold[name];
      expectClose(apply(), expected.y, 1e-6);
      expectClose(value, [expected.loss], 1e-6);
      expectClose(grads[0], expected.x, 1e-6);
      expectClose(grads[1], expected.down, 1e-6);
      expectClose(grads[2], expected.up, 1e-6);
      if (name === 'start') expect(grads[1].dataSync().every((value) => value === 0)).toBe(true);
    });
  });

  it.each([undefined, 'gelu'] as const)('has the gradient of central differences, scaled, with activation %s', (activation) => {
    tidy(() => {
      const config: AdaLinkConfig = { widths: { image: 6 }, rank: 3, activation, scale: -0.7 };
      const apply = (x: Tensor, down: Tensor, up: Tensor) =>
        adaLink(config, { adalink: { image: { down: down as Tensor2D, up: up as Tensor2D } } }, 'image')(x);
      expectGradient(apply, [sampleTensor([2, 5, 6], 1), sampleTensor([6, 3], 2), sampleTensor([3, 6], 3)]);
    });
  });

  it('leaves towers bit for bit as they are when fresh or without a module, and moves them otherwise', () => {
    tidy(() => {
      const { params, images, mask, texts } = smallTowers();
      const config: AdaLinkConfig = { widths: { text: 8, image: 12 }, rank: 4, activation: 'gelu' };
      const outputs = (tuned?: AdaLinkParams) =>
        (['before', 'after'] as const).flatMap((place) => {
          const hooks = (modality: string) => ({ onEmbeddings: tuned && { [place]: adaLink(config, tuned, modality) } });
          const { cls, patches } = applyVit(vit, params.image, images, { mask, ...hooks('image') });
          return [cls, patches, applyText(text, params.text, texts, hooks('text')).pooled].map((x) => x.dataSync());
        });
      const base = outputs();
      const fresh = initAdaLink(config, createRng(2));
      expect(outputs(fresh)).toEqual(base);
      expect(outputs({ adalink: {} })).toEqual(base);
      for (const [i, values] of outputs(moved(fresh)).entries()) expect(values).not.toEqual(base[i]);
      expect(outputs()).toEqual(base);
    });
  });

  it('leaves nothing behind, and its input to the caller', () => {
    const config: AdaLinkConfig = { widths: { text: 8 }, rank: 2, scale: 2 };
    const params = initAdaLink(config, createRng(0));
    const x = sampleTensor<Rank.R3>([2, 3, 8]);
    expectNoLeak(() => [adaLink(config, params, 'text')(x)]);
    expectNoLeak(() => [adaLink(config, { adalink: {} }, 'text')(x)]);
    expect(x.isDisposed).toBe(false);
    disposeTree(params, { x });
  });
});

it('starts with zeros in `up` and N(0, 0.02^2) in `down`, 2 d r numbers per modality', () => {
  const config = { widths: { image: 768, text: 512 }, rank: 8 };
  const params = initAdaLink(config, createRng(0));
  expect(Object.keys(flattenTree(params))).toEqual([
    'adalink.image.down',
    'adalink.image.up',
    'adalink.text.down',
    'adalink.text.up',
  ]);
  const { down, up } = params.adalink.image;
  expect(up.dataSync().every((value) => value === 0)).toBe(true);
  expect(Math.sqrt(down.dataSync<'float32'>().reduce((sum, x) => sum + x * x, 0) / down.size)).toBeCloseTo(0.02, 3);
  expect(countParameters(params)).toBe(2 * 8 * (768 + 512));
  // About 1.05M of PaLI-X' 32B.
  expect(countShapes(adaLinkShapes({ widths: { image: 4096, text: 4096 }, rank: 64 }))).toBe(1048576);
  disposeTree(params);
});

describe('says what is wrong with', () => {
  const config = { widths: { image: 6, text: 4 }, rank: 2 };

  it.each([
    [{ ...config, rank: 0 }, 'rank is a whole number of at least 1, but 0 came'],
    [{ ...config, widths: { text: 1.5 } }, 'the width of modality text is a whole number of at least 1, but 1.5 came'],
    [{ ...config, scale: 0 }, 'scale is a number other than 0, but 0 came'],
    [{ ...config, scale: Number.NaN }, 'scale is a number other than 0, but NaN came'],
  ])('the configuration %j', (wrong, message) => {
    expect(() => initAdaLink(wrong, createRng(0))).toThrow(message);
    expect(() => adaLink(wrong, { adalink: {} }, 'text')).toThrow(message);
  });

  it('a modality, weights and embeddings that do not fit', () => {
    tidy(() => {
      const params = initAdaLink(config, createRng(0));
      expect(() => adaLink(config, params, 'imgae')).toThrow('no modality "imgae"; did you mean "image"? There are: image, text');
      expect(() => adaLink({ ...config, widths: { text: 6 } }, params, 'text')).toThrow(
        'adalink.text.down is [6, 2] for width 6 and rank 2, but [4, 2] came: use the configuration and the tower',
      );
      expect(() => adaLink({ ...config, rank: 3 }, params, 'text')).toThrow('adalink.text.down is [4, 3] for width 4 and rank 3');
      expect(() => adaLink(config, params, 'text')(zeros([2, 3, 6]))).toThrow(
        'have width 4 in the configuration, but [2, 3, 6] came',
      );
    });
  });
});
