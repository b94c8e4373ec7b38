import { mul, slice, type Tensor, type Tensor4D, tidy, zeros } from '@tensorflow/tfjs-core';
import { countParameters, countShapes, createRng, disposeTree, flattenTree, type TensorTree, unflattenTree } from '@vitrail/core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import {
  applySiglipVit,
  initSiglipVit,
  type SiglipVitConfig,
  type SiglipVitParams,
  siglipVitPresets,
  siglipVitShapes,
} from './siglip-vit.ts';

const config: SiglipVitConfig = {
  imageSize: 7,
  patchSize: 2,
  width: 8,
  depth: 1,
  heads: 2,
  mlp: { kind: 'gelu-tanh', hidden: 12 },
};

// transformers 5.24, `SiglipVisionModel`.
it.each([
  ['B/16', 224, 92884224],
  ['B/16', 256, 92930304],
  ['L/16', 256, 315956224],
  ['L/16', 384, 316283904],
  ['So400m/14', 224, 427680704],
  ['So400m/14', 384, 428225600],
] as const)('%s at %i pixels has the number of parameters of the reference', (name, imageSize, count) => {
  expect(countShapes(siglipVitShapes({ ...siglipVitPresets[name], imageSize }))).toBe(count);
});

it('fills every kind of parameter as big_vision does', () => {
  const wide: SiglipVitConfig = { ...config, imageSize: 32, width: 64, mlp: { kind: 'gelu-tanh', hidden: 100 } };
  const params = initSiglipVit(wide, createRng(0)) as unknown as TensorTree;
  expect(countParameters(params)).toBe(countShapes(siglipVitShapes(wide)));
  const flat = flattenTree<Tensor>(params);
  const deviation = (path: string) => {
    const values = flat[path].dataSync<'float32'>();
    return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  };
  const xavier = (inputs: number, outputs: number) => Math.sqrt(2 / (inputs + outputs));
  const expected: Record<string, number> = {
    position: 1 / 8,
    'pool.probe': xavier(1, 64),
    'pool.attn.qkv.kernel': xavier(64, 64),
    'blocks.0.attn.qkv.kernel': xavier(64, 64),
    'blocks.0.mlp.fc1.kernel': xavier(64, 100),
    'blocks.0.mlp.fc2.bias': 1e-6,
    'pool.mlp.fc1.bias': 1e-6,
  };
  for (const [path, value] of Object.entries(expected)) expect(deviation(path) / value, path).toBeCloseTo(1, 0.5);
  for (const path of ['blocks.0.attn.qkv.bias', 'pool.attn.proj.bias', 'norm.bias']) expect(deviation(path), path).toBe(0);
  disposeTree(params);
});

onBackend(['cpu', 'wasm'], () => {
  it('does not look at pixels that fill no patch', () => {
    tidy(() => {
      const params = initSiglipVit(config, createRng(1));
      const images = sampleTensor([1, 7, 7, 3]) as Tensor4D;
      const { pooled, grid } = applySiglipVit(config, params, images);
      expect(grid).toEqual({ rows: 3, columns: 3 });
      expectClose(applySiglipVit(config, params, slice(images, [0, 0, 0, 0], [1, 6, 6, 3])).pooled, pooled, 1e-6);
      expect(() => applySiglipVit(config, params, zeros([1, 1, 7, 3]))).toThrow('multiples of the patch size 2');
    });
  });

  it('leaves nothing behind but what it gives', () => {
    tidy(() => {
      const params = initSiglipVit(config, createRng(1));
      const images = sampleTensor([2, 7, 7, 3]) as Tensor4D;
      expectNoLeak(() => {
        const { pooled, patches } = applySiglipVit(config, params, images);
        return [pooled, patches];
      });
    });
  });
});

onBackend(['cpu', 'wasm'], () => {
  it('has the gradient that central differences have, for every parameter: the probe and its attention too', () => {
    tidy(() => {
      // Not as initialised: positions that small make layer norms too curved for differences.
      const shapes = flattenTree(siglipVitShapes(config));
      const paths = Object.keys(shapes);
      const leaves = paths.map((path, i) => mul(sampleTensor([...shapes[path]] as [number], i + 1), 0.7));
      const images = sampleTensor([2, 4, 8, 3]) as Tensor4D;
      const pooled = (...inputs: Tensor[]) => {
        const params = unflattenTree(Object.fromEntries(paths.map((path, i) => [path, inputs[i]]))) as unknown as SiglipVitParams;
        return applySiglipVit(config, params, images).pooled;
      };
      expectGradient(pooled, leaves, { coordinates: 3, h: 5e-3, tolerance: 6e-3 });
    });
  });
});
