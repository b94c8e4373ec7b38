import type { Tensor } from '@tensorflow/tfjs-core';
import { countParameters, createRng, disposeTree, flattenTree, type TensorTree } from '@vitrail/core';
import { expect, it } from 'vitest';
import { textPresets } from './presets.ts';
import { initText, type TextConfig, textParameterCount } from './text.ts';

const config: TextConfig = { depth: 2, heads: 4, width: 64, mlpHidden: 96, maxTokens: 8, vocabularySize: 300 };

it.each([
  // Counted in the official codes (google-deepmind/tips), of So400m in that of PyTorch alone: scenic's builds 12 of its 27 blocks.
  ['S', 33_582_336],
  ['B', 109_632_000],
  ['L', 183_924_736],
  ['So400m', 448_332_912],
  ['g', 389_133_312],
] as const)('%s has the published number of parameters', (name, count) => {
  expect(textParameterCount(textPresets[name])).toBe(count);
});

it('fills every kind of parameter as scenic does', () => {
  const params = initText(config, createRng(0)) as unknown as TensorTree;
  expect(countParameters(params)).toBe(textParameterCount(config));
  const flat = flattenTree<Tensor>(params);
  const deviation = (path: string) => {
    const values = flat[path].dataSync<'float32'>();
    return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  };
  // Xavier-uniform has the variance 2 / (inputs + outputs); queries, keys and values are three kernels of [64, 64].
  const expected: Record<string, number> = {
    tokenEmbedding: 1 / 8,
    'blocks.0.attn.qkv.kernel': Math.sqrt(2 / 128),
    'blocks.1.attn.proj.kernel': Math.sqrt(2 / 128),
    'blocks.1.mlp.fc1.kernel': Math.sqrt(2 / 160),
    'blocks.0.mlp.fc2.kernel': Math.sqrt(2 / 160),
  };
  for (const [path, value] of Object.entries(expected)) expect(deviation(path) / value, path).toBeCloseTo(1, 1);
  for (const path of ['blocks.0.mlp.fc1.bias', 'blocks.1.mlp.fc2.bias']) {
    expect(deviation(path), path).toBeGreaterThan(5e-7);
    expect(deviation(path), path).toBeLessThan(2e-6);
  }
  for (const path of ['blocks.0.attn.qkv.bias', 'blocks.0.norm2.bias', 'norm.bias']) expect(deviation(path), path).toBe(0);
  expect([...flat['norm.scale'].dataSync()]).toEqual(Array(64).fill(1));
  disposeTree(params);
});

it('refuses what cannot be a tower, and makes nothing', () => {
  const init = (change: Partial<TextConfig>) => () => initText({ ...config, ...change }, createRng(0));
  expect(init({ heads: 5 })).toThrow('initText: heads must divide width, but 5 heads and a width of 64 came');
  expect(init({ heads: 1, width: 33 })).toThrow('width must be even');
  expect(init({ depth: 0 })).toThrow('depth must be a whole number of at least 1, but 0 came');
  expect(init({ vocabularySize: 2.5 })).toThrow('vocabularySize must be a whole number of at least 1, but 2.5 came');
  expect(init({ mlpHidden: Number.NaN })).toThrow('mlpHidden must be a whole number of at least 1, but NaN came');
});
