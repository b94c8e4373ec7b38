import { add, matMul, mul, slice, type Tensor, type Tensor2D, tidy, zeros } from '@tensorflow/tfjs-core';
import { countParameters, countShapes, createRng, disposeTree, flattenTree, mapTree, type TensorTree } from '@vitrail/core';
import { expectClose, expectGradient, onBackend } from '@vitrail/testing';
import { applyText } from '@vitrail/text';
import { applyVit, clipVitPresets, clipVitShapes, vitShapes } from '@vitrail/vit';
import { describe, expect, it } from 'vitest';
import { moved, smallTowers, text, vit } from '../test/small-towers.ts';
import { allLinearLayers, initLora, type LoraConfig, loraShapes } from './lora.ts';
import { mergeLora } from './merge-lora.ts';

onBackend(['cpu', 'wasm'], () => {
  it.each<[string, LoraConfig]>([
    ['q and v', { rank: 2 }],
    ['every linear layer', { rank: 2, alpha: 4, ...allLinearLayers }],
  ])('leaves towers bit for bit as they are when fresh, and when left out again: %s', (_, config) => {
    tidy(() => {
      const { params, images, texts } = smallTowers();
      const outputs = ({ image, text: own }: typeof params) =>
        [applyVit(vit, image, images).cls, applyText(text, own, texts).pooled].map((x) => x.dataSync());
      const base = outputs(params);
      const fresh = initLora(config, params, createRng(0));
      expect(outputs(mergeLora(config, params, fresh))).toEqual(base);
      for (const [i, values] of outputs(mergeLora(config, params, moved(fresh))).entries()) expect(values).not.toEqual(base[i]);
      expect(outputs(params)).toEqual(base);
    });
  });

  it('adds alpha / r A B to the chosen kernels and parts, and hands on everything else', () => {
    tidy(() => {
      const params = smallTowers().params.image as unknown as TensorTree;
      const config: LoraConfig = { rank: 2, alpha: 5, kernels: ['**.qkv.kernel', 'blocks.1.mlp.w3.kernel'], parts: ['k'] };
      const tuned = moved(initLora(config, params, createRng(0)));
      const [before, after] = [flattenTree<Tensor>(params), flattenTree<Tensor>(mergeLora(config, params, tuned))];
      expect(Object.keys(after)).toEqual(Object.keys(before));
      const changed = Object.keys(after).filter((path) => after[path] !== before[path]);
      expect(changed).toEqual(['blocks.0.attn.qkv.kernel', 'blocks.1.attn.qkv.kernel', 'blocks.1.mlp.w3.kernel']);

      const factors = flattenTree<Tensor>(tuned);
      const product = (at: string) => mul(matMul(factors[`${at}.a`] as Tensor2D, factors[`${at}.b`] as Tensor2D), 2.5);
      expectClose(
        after['blocks.1.mlp.w3.kernel'],
        add(before['blocks.1.mlp.w3.kernel'], product('lora.blocks.1.mlp.w3.kernel')),
        1e-6,
      );
      const third = (path: string, part: number, of = after) => slice(of[path] as Tensor2D, [0, 12 * part], [12, 12]);
      const qkv = 'blocks.0.attn.qkv.kernel';
      expectClose(third(qkv, 1), add(third(qkv, 1, before), product(`lora.${qkv}.k`)), 1e-6);
      for (const part of [0, 2]) expect(third(qkv, part).dataSync()).toEqual(third(qkv, part, before).dataSync());
    });
  });

  it('has the gradient of central differences through a tower', () => {
    tidy(() => {
      const { params, texts } = smallTowers();
      const config: LoraConfig = { rank: 2, alpha: 3, ...allLinearLayers };
      const tuned = moved(initLora(config, params.text, createRng(0)), 40);
      const small = mapTree(tuned, (leaf) => mul(leaf, 0.3));
      const paths = Object.keys(flattenTree<Tensor>(small));
      const some = ['lora.blocks.0.attn.qkv.kernel.v.a', 'lora.blocks.1.mlp.fc1.kernel.b'];
      expect(paths).toEqual(expect.arrayContaining(some));
      const apply = (...leaves: Tensor[]) => {
        const own = mapTree(small, (leaf, path) => leaves[some.indexOf(path)] ?? leaf);
        return applyText(text, mergeLora(config, params.text, own), texts).pooled;
      };
      expectGradient(
        apply,
        some.map((path) => flattenTree<Tensor>(small)[path]),
        { tolerance: 5e-3 },
      );
    });
  });
});

it('starts with zeros in b and uniform numbers within 1 / sqrt(inputs) in a', () => {
  tidy(() => {
    const tuned = initLora({ rank: 64 }, { attn: { qkv: { kernel: zeros([100, 300]) } } }, createRng(0));
    const flat = flattenTree<Tensor>(tuned);
    expect(Object.keys(flat)).toEqual(['q.a', 'q.b', 'v.a', 'v.b'].map((name) => `lora.attn.qkv.kernel.${name}`));
    const values = flat['lora.attn.qkv.kernel.q.a'].dataSync<'float32'>();
    expect(Math.max(...values)).toBeLessThanOrEqual(0.1);
    expect(Math.max(...values)).toBeGreaterThan(0.099);
    expect(Math.min(...values)).toBeLessThan(-0.099);
    expect(flat['lora.attn.qkv.kernel.v.b'].dataSync().every((value) => value === 0)).toBe(true);
  });
});

it('counts r (inputs + outputs) per kernel and part', () => {
  const B = clipVitShapes(clipVitPresets['B/32']);
  expect(countShapes(loraShapes({ rank: 4 }, B))).toBe(12 * 2 * 4 * (768 + 768));
  // Twelve blocks of q, k, v, proj, fc1 and fc2, and the patch projection.
  const perBlock = 4 * (768 + 768) + 2 * (768 + 3072);
  expect(countShapes(loraShapes({ rank: 4, ...allLinearLayers }, B))).toBe(4 * (12 * perBlock + 32 * 32 * 3 + 768));
  const { params, images, mask, texts } = smallTowers();
  const tuned = initLora({ rank: 3 }, params.image, createRng(0));
  expect(countParameters(tuned)).toBe(countShapes(loraShapes({ rank: 3 }, vitShapes(vit))));
  disposeTree(params, tuned, { images, mask, ...texts });
});

describe('says what is wrong with', () => {
  const shapes = vitShapes(vit);
  it.each<[LoraConfig, string]>([
    [{ rank: 0 }, 'rank is a whole number of at least 1, but 0 came'],
    [{ rank: 2, alpha: 0 }, 'alpha is a number other than 0, but 0 came'],
    [{ rank: 2, kernels: ['**.q_proj.weight'] }, 'no parameter has a name that matches **.q_proj.weight'],
    [{ rank: 2, kernels: ['position'] }, 'position is a kernel [inputs, outputs], but it has the shape [4, 4, 12]'],
    [{ rank: 2, parts: [] }, 'parts are some of q, k, v, but none came for blocks.0.attn.qkv.kernel'],
  ])('the configuration %j', (config, message) => {
    expect(() => loraShapes(config, shapes)).toThrow(message);
  });

  it('factors of another tower, another rank, or other kernels', () => {
    tidy(() => {
      const { params } = smallTowers();
      const tuned = initLora({ rank: 2 }, params.image, createRng(0));
      expect(() => mergeLora({ rank: 2 }, params.text, tuned)).toThrow(
        'lora.blocks.0.attn.qkv.kernel.q.a is [8, 2], but [12, 2] came: use the configuration and the tower that it was trained with',
      );
      expect(() => mergeLora({ rank: 3 }, params.image, tuned)).toThrow('q.a is [12, 3], but [12, 2] came');
      expect(() => mergeLora({ rank: 2, parts: ['q'] }, params.image, tuned)).toThrow(
        'does not refine what lora.blocks.0.attn.qkv.kernel.v.a belongs to',
      );
      expect(() => mergeLora({ rank: 2, parts: ['q', 'k', 'v'] }, params.image, tuned)).toThrow(
        'k.a is [12, 2], but nothing came',
      );
    });
  });
});
