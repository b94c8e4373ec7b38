import type { Tensor } from '@tensorflow/tfjs-core';
import { createRng, disposeTree, flattenTree } from '@vitrail/core';
import { describe, expect, it } from 'vitest';
import { initEvaVit } from './eva-initialization.ts';
import type { EvaVitConfig, EvaVitParams } from './eva-vit.ts';

const config: EvaVitConfig = {
  imageSize: 32,
  patchSize: 8,
  width: 48,
  depth: 3,
  heads: 4,
  mlp: { kind: 'swiglu', hidden: 64 },
  ffnNorm: true,
  rotaryGrid: 16,
  embedding: 32,
  maskToken: true,
};

const deviation = (values: ArrayLike<number>) =>
  Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0) / values.length);

function deviations(params: EvaVitParams): (path: string) => number {
  const flat = flattenTree<Tensor>(params);
  return (path) => deviation(flat[path].dataSync());
}

describe('initEvaVit', () => {
  it("starts as UTA's code: 0.02 everywhere, less and less where a block ends in the residual", () => {
    const params = initEvaVit(config, createRng(0));
    const of = deviations(params);
    const same = ['cls', 'maskToken', 'position', 'head.kernel', 'blocks.1.attn.qkv.kernel', 'blocks.2.mlp.w12.kernel'];
    for (const path of same) expect(of(path) / 0.02, path).toBeCloseTo(1, path.includes('.') ? 1 : 0);
    for (const [block, layer] of [0, 1, 2].flatMap((block) => ['attn.proj', 'mlp.w3'].map((layer) => [block, layer] as const))) {
      const path = `blocks.${block}.${layer}.kernel`;
      expect((of(path) / 0.02) * Math.sqrt(2 * (block + 1)), path).toBeCloseTo(1, 1);
    }
    for (const path of ['blocks.0.attn.query.bias', 'blocks.0.mlp.norm.bias', 'head.bias']) expect(of(path), path).toBe(0);
    expect(of('blocks.0.mlp.norm.scale')).toBe(1);
    disposeTree(params);
  });

  it('starts as EVA-02: Xavier of every projection, times the gain of sub-LN after queries and keys', () => {
    const params = initEvaVit(config, createRng(0), { initialization: 'eva02' });
    const of = deviations(params);
    const gain = Math.sqrt(Math.log(6));
    const xavier = (inputs: number, outputs: number) => Math.sqrt(2 / (inputs + outputs));
    const packed = params.blocks[1].attn.qkv.kernel.dataSync();
    const part = (index: number) =>
      Array.from({ length: 48 * 48 }, (_, i) => packed[Math.floor(i / 48) * 144 + index * 48 + (i % 48)]);
    for (const [index, factor] of [1, 1, gain].entries()) {
      expect(deviation(part(index)) / xavier(48, 48) / factor, `part ${index}`).toBeCloseTo(1, 1);
    }
    expect(of('blocks.0.attn.proj.kernel') / xavier(48, 48) / gain).toBeCloseTo(1, 1);
    expect(of('blocks.0.mlp.w12.kernel') / xavier(48, 64) / gain).toBeCloseTo(1, 1);
    expect(of('blocks.2.mlp.w3.kernel') / xavier(64, 48) / gain).toBeCloseTo(1, 1);
    expect(of('head.kernel') / xavier(48, 32)).toBeCloseTo(1, 1);
    disposeTree(params);
  });

  it('refuses a tower that cannot be', () => {
    expect(() => initEvaVit({ ...config, heads: 5 }, createRng(0))).toThrow('heads must divide width');
    expect(() => initEvaVit({ ...config, heads: 8 }, createRng(0))).toThrow('a multiple of 4 dimensions');
    expect(() => initEvaVit({ ...config, imageSize: 30 }, createRng(0))).toThrow('imageSize / patchSize must be a whole number');
  });
});
