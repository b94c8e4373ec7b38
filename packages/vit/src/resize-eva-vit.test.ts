import { readFileSync } from 'node:fs';
import { type Rank, reshape, type Tensor2D, tensor, tensor2d, tidy, transpose } from '@tensorflow/tfjs-core';
import { createRng, disposeTree, flattenTree, type Tree } from '@vitrail/core';
import { expectClose, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { initEvaVit } from './eva-initialization.ts';
import { applyEvaVit, type EvaVitConfig, type EvaVitParams, evaVitShapes } from './eva-vit.ts';
import { resizeEvaVit } from './resize-eva-vit.ts';

/** Of `tools/reference/patch_kernels.py`: what EVA-CLIP's scripts make of a kernel `[D, 3, p, p]` and of tables `[1 + G * G, D]`. */
type Reference = {
  width: number;
  kernel: { patch: number; to: number; values: number[]; resized: number[] };
  positions: { grid: number; to: number; table: number[]; resized: number[] }[];
};
const file = new URL('../test/fixtures/patch-kernels.json', import.meta.url);
const reference: Reference = JSON.parse(readFileSync(file, 'utf8'));
const { width, kernel } = reference;

const config: EvaVitConfig = {
  imageSize: 56,
  patchSize: 7,
  width,
  depth: 1,
  heads: 1,
  mlp: { kind: 'gelu', hidden: 3 },
  ffnNorm: false,
  embedding: 2,
};

/** PyTorch's `[D, 3, p, p]` as rows of pixels. */
const rowsOf = (values: number[], patch: number): Tensor2D =>
  reshape(transpose(tensor(values, [width, 3, patch, patch]), [2, 3, 1, 0]), [patch * patch * 3, width]);

onBackend(['cpu', 'wasm'], () => {
  it('makes patches of 8 pixels of patches of 7, as PyTorch makes 16 of 14', () => {
    const [{ grid, to, table, resized }] = reference.positions;
    const fresh = initEvaVit(config, createRng(0));
    tidy(() => {
      const patchEmbed = { ...fresh.patchEmbed, kernel: rowsOf(kernel.values, kernel.patch) };
      const params = { ...fresh, patchEmbed, position: tensor2d(table, [1 + grid ** 2, width]) };
      const converted = resizeEvaVit(config, params, { imageSize: to * kernel.to, patchSize: kernel.to });
      expectClose(converted.patchEmbed.kernel, rowsOf(kernel.resized, kernel.to), 2e-6);
      expectClose(converted.position, resized, 2e-6);
      const shapes = flattenTree(evaVitShapes({ ...config, imageSize: to * kernel.to, patchSize: kernel.to }));
      const flat = flattenTree(converted as Tree<Tensor2D>);
      expect(Object.fromEntries(Object.entries(flat).map(([path, leaf]) => [path, leaf.shape]))).toEqual(shapes);
    });
    disposeTree(fresh);
  });

  it('brings positions to a larger grid as PyTorch does, and then computes what it computed with images of that size', () => {
    const { grid, to, table, resized } = reference.positions[1];
    const small = { ...config, imageSize: grid * 7 };
    const fresh = initEvaVit(small, createRng(0));
    tidy(() => {
      const params = { ...fresh, position: tensor2d(table, [1 + grid ** 2, width]) };
      const size = { imageSize: to * 7, patchSize: 7 };
      const larger = resizeEvaVit(small, params, size);
      expectClose(larger.position, resized, 2e-6);
      const images = sampleTensor<Rank.R4>([1, to * 7, to * 7, 3]);
      expectClose(applyEvaVit({ ...small, ...size }, larger, images).cls, applyEvaVit(small, params, images).cls, 1e-5);
    });
    disposeTree(fresh);
  });
});

it('gives a tree of its own, leaves nothing else behind, and refuses sizes that cannot be', () => {
  const fresh = initEvaVit(config, createRng(0));
  const size = { imageSize: 64, patchSize: 8 };
  expectNoLeak(() => Object.values(flattenTree(resizeEvaVit(config, fresh, size) as Tree<Tensor2D>)));
  const converted = resizeEvaVit(config, fresh, size);
  disposeTree(fresh);
  expect(converted.head?.bias?.dataSync()).toHaveLength(2);
  const call = (imageSize: number, patchSize: number) => () =>
    resizeEvaVit(config, converted as EvaVitParams, { imageSize, patchSize });
  expect(call(60, 8)).toThrow('resizeEvaVit: imageSize / patchSize must be a whole number of at least 1, but 7.5 came');
  disposeTree(converted);
});
