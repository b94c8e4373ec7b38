import { concat, mul, reverse, type Tensor, type Tensor2D, type Tensor4D, tensor2d, tidy, zeros } from '@tensorflow/tfjs-core';
import { countParameters, countShapes, createRng, disposeTree, flattenTree, type TensorTree, unflattenTree } from '@vitrail/core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { applyDinov2, type Dinov2Config, type Dinov2Params, dinov2Presets, dinov2Shapes, initDinov2 } from './dinov2-vit.ts';

const config: Dinov2Config = {
  imageSize: 6,
  patchSize: 2,
  width: 8,
  depth: 2,
  heads: 2,
  mlp: { kind: 'gelu', hidden: 12 },
  registers: 2,
  layerScale: 1e-5,
  maskToken: true,
  resizing: 'offset',
};

// transformers 5.24: `Dinov2Model` and `Dinov2WithRegistersModel` (4 registers), image_size 518, patch_size 14.
it.each([
  ['S/14', 22056576, 22058112],
  ['B/14', 86580480, 86583552],
  ['L/14', 304368640, 304372736],
  ['g/14', 1136480768, 1136486912],
] as const)('%s has the number of parameters of the reference', (name, plain, withRegisters) => {
  expect(countShapes(dinov2Shapes(dinov2Presets[name]))).toBe(plain);
  expect(countShapes(dinov2Shapes({ ...dinov2Presets[name], registers: 4 }))).toBe(withRegisters);
});

it('fills every kind of parameter as the reference does', () => {
  const wide: Dinov2Config = { ...config, imageSize: 32, width: 64, mlp: { kind: 'swiglu', hidden: 40 } };
  const params = initDinov2(wide, createRng(0)) as unknown as TensorTree;
  expect(countParameters(params)).toBe(countShapes(dinov2Shapes(wide)));
  const flat = flattenTree<Tensor>(params);
  const deviation = (path: string) => {
    const values = flat[path].dataSync<'float32'>();
    return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  };
  const expected: Record<string, number> = {
    // Uniform within 1 / sqrt(12).
    'patchEmbed.kernel': 12 ** -0.5 / Math.sqrt(3),
    position: 0.02,
    registers: 1e-6,
    'blocks.0.attn.qkv.kernel': 0.02,
    'blocks.1.mlp.w3.kernel': 0.02,
    'blocks.1.ls1': 1e-5,
    'blocks.0.ls2': 1e-5,
    'norm.scale': 1,
  };
  for (const [path, value] of Object.entries(expected)) expect(deviation(path) / value, path).toBeCloseTo(1, 0.5);
  for (const path of ['maskToken', 'patchEmbed.bias', 'blocks.0.mlp.w12.bias']) expect(deviation(path), path).toBe(0);
  disposeTree(params);
});

describe.each(['gelu', 'swiglu'] as const)('with %s', (kind) => {
  const tower: Dinov2Config = { ...config, depth: 1, mlp: { kind, hidden: 6 } };
  onBackend(['cpu', 'wasm'], () => {
    it('has the gradient that central differences have, for every parameter: LayerScale, registers and mask token too', () => {
      tidy(() => {
        // Not as initialised: LayerScale that small hides what it scales.
        const shapes = flattenTree(dinov2Shapes(tower));
        const paths = Object.keys(shapes);
        const leaves = paths.map((path, i) => mul(sampleTensor([...shapes[path]] as [number], i + 1), 0.7));
        const images = sampleTensor([1, 4, 8, 3]) as Tensor4D;
        const mask = tensor2d([0, 1, 0, 0, 0, 1, 0, 0], [1, 8]);
        const all = (...inputs: Tensor[]) => {
          const params = unflattenTree(Object.fromEntries(paths.map((path, i) => [path, inputs[i]]))) as unknown as Dinov2Params;
          const { cls, registers, patches } = applyDinov2(tower, params, images, { mask });
          return concat([cls, registers, patches], 1);
        };
        expectGradient(all, leaves, { coordinates: 3, h: 5e-3, tolerance: 6e-3 });
      });
    });
  });
});

onBackend(['cpu', 'wasm'], () => {
  it('gives no registers where there are none, and leaves nothing behind but what it gives', () => {
    tidy(() => {
      const plain = { ...config, registers: 0 };
      const params = initDinov2(plain, createRng(1));
      const images = sampleTensor([2, 6, 6, 3]) as Tensor4D;
      expect(applyDinov2(plain, params, images).registers.shape).toEqual([2, 0, 8]);
      for (const tower of [plain, config]) {
        const fresh = initDinov2(tower, createRng(1));
        expectNoLeak(() => {
          const { cls, registers, patches, blocks } = applyDinov2(tower, fresh, images, { blocks: [1] });
          return [cls, registers, patches, blocks[1]];
        });
      }
    });
  });

  it('does not tell registers apart by where they stand: they have no position', () => {
    tidy(() => {
      const params = initDinov2({ ...config, layerScale: 1 }, createRng(1));
      const images = sampleTensor([1, 6, 6, 3]) as Tensor4D;
      const registers = sampleTensor([2, 8]);
      const turned = reverse(registers, 0);
      const patches = (values: Tensor) => applyDinov2(config, { ...params, registers: values }, images).patches;
      expectClose(patches(turned), patches(registers), 1e-5);
    });
  });
});

it('says what does not fit', () => {
  tidy(() => {
    const params = initDinov2(config, createRng(1));
    const call = (shape: [number, number, number, number], mask?: Tensor2D) =>
      applyDinov2(config, params, zeros(shape), { mask });
    expect(() => call([1, 1, 6, 3])).toThrow('multiples of the patch size 2');
    expect(() => call([1, 6, 6, 3], zeros([1, 8]))).toThrow('applyDinov2: the mask of these images is [1, 9], but [1, 8] came');
    expect(() => applyDinov2({ ...config, depth: 3 }, params, zeros([1, 6, 6, 3]))).toThrow('no block 2');
  });
  expect(() => initDinov2({ ...config, imageSize: 1 }, createRng(0))).toThrow('rounded down must be a whole number');
  expect(() => initDinov2({ ...config, registers: -1 }, createRng(0))).toThrow('1 + registers must be');
});
