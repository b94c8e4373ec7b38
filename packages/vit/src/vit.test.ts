import { fill, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { countParameters, createRng, disposeTree, flattenTree, type TensorTree } from '@vitrail/core';
import { linear } from '@vitrail/ops';
import { expectClose } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { vitPresets } from './presets.ts';
import { initVit, type VitConfig, vitParameterCount } from './vit.ts';

describe('vitPresets', () => {
  // Counted in both official codes (google-deepmind/tips; that of PyTorch without LayerScale, mask token and position of the CLS token). TIPSv2,
  // table 16 (32 x 32 grid), and the README of TIPS (16 x 16) give them rounded.
  it.each([
    ['S/14', 21_619_584, 21_914_496],
    ['B/14', 85_706_496, 86_296_320],
    ['L/14', 303_178_752, 303_965_184],
    ['So400m/14', 412_444_656, 413_329_392],
    ['g/14', 1_134_646_784, 1_135_826_432],
  ] as const)('%s has the published number of parameters', (name, small, large) => {
    const count = (positionGrid: number) => vitParameterCount({ ...vitPresets[name], positionGrid });
    expect([count(16), count(32)]).toEqual([small, large]);
  });

  it('counts a mask token as one more vector', () => {
    const { 'B/14': base } = vitPresets;
    expect(vitParameterCount({ ...base, maskToken: true }) - vitParameterCount(base)).toBe(768);
  });

  it('gives SwiGLU two thirds of the nominal width, rounded up to a multiple of 8', () => {
    expect(vitPresets['g/14'].mlp.hidden).toBe(Math.floor((Math.floor((6144 * 2) / 3) + 7) / 8) * 8);
  });
});

describe('initVit', () => {
  const config: VitConfig = {
    imageSize: 32,
    patchSize: 8,
    width: 32,
    depth: 2,
    heads: 4,
    mlp: { kind: 'gelu', hidden: 64 },
    clsTokens: 2,
    positionGrid: 4,
    maskToken: true,
  };

  it('fills every kind of parameter as TIPS does', () => {
    const params = initVit(config, createRng(0));
    const flat = flattenTree<Tensor>(params as unknown as TensorTree);
    expect(countParameters(params as unknown as TensorTree)).toBe(vitParameterCount(config));
    const deviation = (path: string) => {
      const values = flat[path].dataSync<'float32'>();
      return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    };
    for (const path of ['patchEmbed.kernel', 'blocks.1.attn.qkv.kernel', 'blocks.0.mlp.fc2.kernel']) {
      // Uniform within the limit of Xavier, whose deviation is limit / sqrt(3).
      const [inputs, outputs] = flat[path].shape;
      const limit = Math.sqrt(6 / (inputs + outputs));
      expect(deviation(path) / (limit / Math.sqrt(3)), path).toBeCloseTo(1, 1);
      expect(Math.max(...flat[path].dataSync()), path).toBeLessThanOrEqual(limit * 1.0001);
    }
    // A normal distribution cut at two deviations has 0.88 of its deviation.
    expect(deviation('position') / (0.02 * 0.8796)).toBeCloseTo(1, 1);
    expect(Math.max(...flat.position.dataSync())).toBeLessThanOrEqual(0.04);
    expect(deviation('cls')).toBeLessThan(3e-6);
    expect(deviation('cls')).toBeGreaterThan(0);
    tidy(() => expectClose(linear(fill([1, 8 * 8 * 3], 0.5), params.patchEmbed), new Float32Array(32), 1e-5));
    for (const path of ['maskToken', 'blocks.0.attn.proj.bias', 'norm.bias']) expect(deviation(path), path).toBe(0);
    expect([...flat['blocks.1.norm2.scale'].dataSync()]).toEqual(Array(32).fill(1));
    disposeTree(params as unknown as TensorTree);
  });

  it('gives the same numbers for the same stream, whatever else the tower has', () => {
    const first = initVit(config, createRng(5));
    const second = initVit({ ...config, depth: 1, maskToken: false }, createRng(5));
    expect(second.blocks[0].attn.qkv.kernel.dataSync()).toEqual(first.blocks[0].attn.qkv.kernel.dataSync());
    disposeTree(first as unknown as TensorTree, second as unknown as TensorTree);
  });

  it('refuses a tower that cannot be', () => {
    expect(() => initVit({ ...config, heads: 5 }, createRng(0))).toThrow(/heads must divide width/);
    expect(() => initVit({ ...config, depth: 0 }, createRng(0))).toThrow(
      /depth must be a whole number of at least 1, but 0 came/,
    );
    expect(() => initVit({ ...config, imageSize: 30 }, createRng(0))).toThrow(/multiple of patchSize/);
  });

  it('starts local: equal queries and keys, positions that a rotation per step tells apart', () => {
    const params = initVit(config, createRng(0), { initialization: 'local' });
    const [width, grid] = [config.width, config.positionGrid];
    const kernel = params.blocks[1].attn.qkv.kernel.dataSync<'float32'>();
    const part = (index: number) =>
      Array.from({ length: width * width }, (_, i) => kernel[Math.floor(i / width) * 3 * width + index * width + (i % width)]);
    const [queries, keys, values] = [0, 1, 2].map(part);
    expect(queries).toEqual(keys);
    const variance = (numbers: number[]) => numbers.reduce((sum, x) => sum + x * x, 0) / numbers.length;
    // Xavier of a square kernel has variance 1 / D, of the packed one 1 / 2D.
    expect(Math.abs(variance(queries) / (1.5 ** 2 / 2 / width) - 1)).toBeLessThan(0.1);
    expect(Math.abs(variance(values) / (1 / 2 / width) - 1)).toBeLessThan(0.1);
    // sin^2 + cos^2 at amplitude 1/2, over D/4 waves and two axes.
    const positions = params.position.dataSync<'float32'>();
    const at = (row: number, column: number) =>
      positions.subarray((row * grid + column) * width, (row * grid + column + 1) * width);
    const product = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i], 0);
    expect(product(at(1, 2), at(1, 2))).toBeCloseTo(0.25 * (width / 2), 4);
    // Equal steps, equal products, wherever they are taken; the nearer the larger.
    expect(product(at(0, 0), at(0, 1))).toBeCloseTo(product(at(2, 1), at(2, 2)), 4);
    expect(product(at(0, 0), at(0, 1))).toBeCloseTo(product(at(0, 0), at(1, 0)), 4);
    expect(product(at(0, 0), at(0, 1))).toBeGreaterThan(product(at(0, 0), at(0, 2)));
    disposeTree(params as unknown as TensorTree);
    expect(() => initVit({ ...config, width: 6, heads: 2 }, createRng(0), { initialization: 'local' })).toThrow('multiple of 4');
  });
});
