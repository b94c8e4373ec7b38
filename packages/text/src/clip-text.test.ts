import { mul, slice, type Tensor, type Tensor2D, tensor2d, tidy, zeros } from '@tensorflow/tfjs-core';
import { countParameters, countShapes, createRng, disposeTree, flattenTree, type TensorTree, unflattenTree } from '@vitrail/core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { type ClipVitConfig, clipVitPresets, clipVitShapes } from '@vitrail/vit';
import { expect, it } from 'vitest';
import {
  applyClipText,
  type ClipTextConfig,
  type ClipTextParams,
  clipTextPresets,
  clipTextShapes,
  initClipText,
} from './clip-text.ts';

const config: ClipTextConfig = {
  depth: 2,
  heads: 2,
  width: 16,
  maxTokens: 6,
  vocabularySize: 10,
  activation: 'gelu',
  embedding: 5,
};

const smallVit: ClipVitConfig = {
  ...clipVitPresets['B/32'],
  width: 384,
  heads: 6,
  embedding: 384,
};

it.each([
  ['S/32', smallVit, 63085825],
  ['B/32', clipVitPresets['B/32'], 151277313],
  ['B/16', clipVitPresets['B/16'], 149620737],
  ['L/14', clipVitPresets['L/14'], 427616513],
] as const)('%s has, with its image tower and the logit scale, the published number of parameters', (name, vit, count) => {
  expect(countShapes(clipTextShapes(clipTextPresets[name])) + countShapes(clipVitShapes(vit)) + 1).toBe(count);
});

it("has, as the text tower of UTA's teacher, the number of parameters of its own code", () => {
  const teacher: ClipTextConfig = {
    ...clipTextPresets['B/32'],
    width: 1024,
    heads: 16,
    depth: 24,
    embedding: 1024,
    activation: 'gelu',
  };
  expect(countShapes(clipTextShapes(teacher))).toBe(354_032_640);
});

it('fills every kind of parameter as OpenAI does', () => {
  const wide = { ...config, width: 64, vocabularySize: 100, maxTokens: 50, embedding: 40 };
  const params = initClipText(wide, createRng(0)) as unknown as TensorTree;
  expect(countParameters(params)).toBe(countShapes(clipTextShapes(wide)));
  const flat = flattenTree<Tensor>(params);
  const deviation = (path: string) => {
    const values = flat[path].dataSync<'float32'>();
    return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  };
  const expected: Record<string, number> = {
    tokenEmbedding: 0.02,
    position: 0.01,
    projection: 1 / 8,
    'blocks.0.attn.qkv.kernel': 1 / 8,
    'blocks.1.attn.proj.kernel': 1 / 8 / 2,
    'blocks.0.mlp.fc1.kernel': 1 / 8 / Math.SQRT2,
    'blocks.1.mlp.fc2.kernel': 1 / 8 / 2,
  };
  for (const [path, value] of Object.entries(expected)) expect(deviation(path) / value, path).toBeCloseTo(1, 1);
  for (const path of ['blocks.0.attn.qkv.bias', 'blocks.0.mlp.fc2.bias', 'norm.bias']) expect(deviation(path), path).toBe(0);
  expect(deviation('norm.scale')).toBe(1);
  disposeTree(params);
});

onBackend(['cpu', 'wasm'], () => {
  it('reads a text at its end token and sees nothing after it', () => {
    tidy(() => {
      const params = initClipText(config, createRng(1));
      const pool = (...row: number[]) => applyClipText(config, params, tensor2d([row], undefined, 'int32')).pooled.dataSync();
      const alone = pool(8, 3, 4, 9);
      expectClose(pool(8, 3, 4, 9, 0, 0), alone, 1e-6);
      expectClose(pool(8, 3, 4, 9, 5, 9), alone, 1e-6);
      expect(pool(8, 4, 3, 9)).not.toEqual(alone);
    });
  });

  it('has the gradient that central differences have, for every parameter', () => {
    tidy(() => {
      // Not as initialised: embeddings that small make layer norms too curved for differences.
      const shapes = flattenTree(clipTextShapes(config));
      const paths = Object.keys(shapes);
      const leaves = paths.map((path, i) => mul(sampleTensor([...shapes[path]] as [number], i + 1), 0.7));
      const ids = tensor2d([8, 3, 3, 9, 8, 9, 0, 0], [2, 4], 'int32');
      const pooled = (...inputs: Tensor[]) => {
        const params = unflattenTree(Object.fromEntries(paths.map((path, i) => [path, inputs[i]]))) as unknown as ClipTextParams;
        return applyClipText(config, params, ids).pooled;
      };
      expectGradient(pooled, leaves, { coordinates: 3, h: 5e-3, tolerance: 6e-3 });
    });
  });

  it('leaves nothing behind but what it gives', () => {
    tidy(() => {
      const params = initClipText(config, createRng(1));
      const ids = tensor2d([[8, 1, 9]], undefined, 'int32');
      expectNoLeak(() => Object.values(applyClipText(config, params, ids)));
    });
  });
});

it('says what does not fit', () => {
  tidy(() => {
    const params = initClipText(config, createRng(1));
    const ids = zeros([2, 7], 'int32') as Tensor2D;
    expect(() => applyClipText(config, params, ids)).toThrow('texts of at most 6 tokens, but ids of [2, 7] came');
    const short = slice(ids, [0, 0], [2, 3]);
    expect(() => applyClipText({ ...config, depth: 3 }, params, short)).toThrow('the parameters have no block 2');
    expect(() => applyClipText(config, params, zeros([2, 3]))).toThrow('indices are int32, but float32 came');
  });
  expect(() => initClipText({ ...config, heads: 3 }, createRng(0))).toThrow('initClipText: heads must divide width');
  expect(() => initClipText({ ...config, embedding: 0 }, createRng(0))).toThrow('embedding must be a whole number');
});
