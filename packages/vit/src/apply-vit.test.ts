import {
  concat,
  engine,
  mul,
  type Rank,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tensor,
  tensor2d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { createRng, disposeTree, flattenTree, type TensorTree } from '@vitrail/core';
import { expectClose, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { loadReference, referenceKinds } from '../test/reference.ts';
import { applyVit, type VitOptions, type VitOutputs } from './apply-vit.ts';
import { initVit, type VitConfig, type VitParams } from './vit.ts';

/** CLS tokens, then patches: the order in which the reference gives them. */
function sequence({ cls, patches }: VitOutputs): Tensor {
  return concat([cls, patches], 1);
}

describe.each(referenceKinds)('the tower with %s, against transformers', (kind) => {
  onBackend(['cpu', 'wasm'], () => {
    const run = (check: (reference: ReturnType<typeof loadReference>) => void) =>
      tidy(() => {
        check(loadReference(kind));
      });

    it('gives the same tokens and the same output of a block', () => {
      run(({ config, params, tensors }) => {
        const outputs = applyVit(config, params, tensors.images as Tensor4D, { blocks: [0] });
        expectClose(sequence(outputs), tensors.tokens, 1e-4);
        expectClose(outputs.blocks[0], tensors.block0, 1e-4);
        expect(outputs.grid).toEqual({ rows: 4, columns: 4 });
      });
    });

    it('puts the mask token before the positions', () => {
      run(({ config, params, tensors }) => {
        expectClose(
          sequence(applyVit(config, params, tensors.images as Tensor4D, { mask: tensors.mask as Tensor2D })),
          tensors.masked,
          1e-4,
        );
      });
    });

    it('resizes positions to another grid, higher than wide or wider than high', () => {
      run(({ config, params, tensors }) => {
        const outputs = applyVit(config, params, tensors.wide as Tensor4D);
        expect(outputs.grid).toEqual({ rows: 2, columns: 6 });
        expectClose(sequence(outputs), tensors.resized, 1e-4);
      });
    });

    it.each(['value', 'value-only'] as const)('reads %s out of the last block', (readout) => {
      run(({ config, params, tensors }) => {
        expectClose(sequence(applyVit(config, params, tensors.images as Tensor4D, { readout })), tensors[readout], 1e-4);
      });
    });

    it.each([false, true])('has the same gradient for every parameter (remat: %s)', (remat) => {
      run(({ config, params, grads, tensors }) => {
        const leaves = flattenTree<Tensor>(params as unknown as TensorTree);
        const weights = tensor(
          Float32Array.from({ length: 2 * 18 * 16 }, (_, i) => Math.sin(1.7 * i + 0.4)),
          [2, 18, 16],
        );
        const loss = () =>
          sum(
            mul(
              sequence(applyVit(config, params, tensors.images as Tensor4D, { mask: tensors.mask as Tensor2D, remat })),
              weights,
            ),
          );
        const computed = engine().gradients(loss, Object.values(leaves)).grads;
        const wanted = flattenTree<Tensor>(grads);
        Object.keys(leaves).forEach((path, i) => {
          expectClose(computed[i], wanted[path], 2e-3);
        });
      });
    });
  });
});

const config: VitConfig = {
  imageSize: 8,
  patchSize: 2,
  width: 8,
  depth: 2,
  heads: 2,
  mlp: { kind: 'gelu-tanh', hidden: 16 },
  clsTokens: 2,
  positionGrid: 4,
  maskToken: true,
};

function withTower(check: (params: VitParams, images: Tensor4D) => void, overrides: Partial<VitConfig> = {}): void {
  const params = initVit({ ...config, ...overrides }, createRng(3));
  const images = sampleTensor<Rank.R4>([2, 8, 8, 3]);
  try {
    tidy(() => {
      check(params, images);
    });
  } finally {
    images.dispose();
    disposeTree(params as unknown as TensorTree);
  }
}

describe('applyVit', () => {
  it('leaves out tokens after positions were added: keeping all of them in another order only reorders the patches', () => {
    withTower((params, images) => {
      const order = createRng(1).permutation(16);
      const keep = tensor2d([...order, ...order], [2, 16], 'int32');
      const all = applyVit(config, params, images);
      const reordered = applyVit(config, params, images, { keep });
      expectClose(reordered.cls, all.cls, 1e-5);
      const rows = all.patches.arraySync();
      expectClose(reordered.patches, tensor(rows.map((sample) => Array.from(order, (index) => sample[index]))), 1e-5);
    });
  });

  it('computes only the kept tokens: what a dropped patch shows changes nothing', () => {
    withTower((params, images) => {
      const keep = tensor2d([0, 5, 0, 5], [2, 2], 'int32');
      const pixels = images.arraySync();
      for (const image of pixels) image[7][7] = [9, 9, 9]; // in patch 15
      const kept = applyVit(config, params, images, { keep });
      expect(kept.patches.shape).toEqual([2, 2, 8]);
      expectClose(applyVit(config, params, tensor(pixels) as Tensor4D, { keep }).patches, kept.patches, 1e-7);
    });
  });

  it('reads values without mixing tokens: a patch sees its own pixels only in a tower of one block', () => {
    const single = { depth: 1 };
    withTower((params, images) => {
      const one = { ...config, ...single };
      const pixels = images.arraySync();
      for (const image of pixels) image[7][7] = [9, 9, 9];
      const changed = tensor(pixels) as Tensor4D;
      for (const readout of ['value', 'value-only'] as const) {
        const before = applyVit(one, params, images, { readout }).patches.arraySync();
        const after = applyVit(one, params, changed, { readout }).patches.arraySync();
        expect(after.map((sample) => sample.slice(0, 15))).toEqual(before.map((sample) => sample.slice(0, 15)));
        expect(after[0][15]).not.toEqual(before[0][15]);
      }
      const mixed = applyVit(one, params, changed).patches.arraySync();
      expect(mixed[0][0]).not.toEqual(applyVit(one, params, images).patches.arraySync()[0][0]);
    }, single);
  });

  it('hands back its outputs and nothing else', () => {
    withTower((params, images) => {
      const options: VitOptions = { blocks: [0, 1], remat: true };
      expectNoLeak(() => {
        const { cls, patches, blocks } = applyVit(config, params, images, options);
        return [cls, patches, blocks[0], blocks[1]];
      });
    });
  });

  it('says what is wrong with an input', () => {
    withTower((params, images) => {
      const call = (options: VitOptions, pictures = images) => applyVit(config, params, pictures, options);
      expect(() => call({}, zeros([1, 7, 8, 3]))).toThrow(/multiples of the patch size 2.*resize a side of 7 pixels to 6 or 8/);
      expect(() => call({}, zeros([1, 8, 8, 1]))).toThrow(/\[B, H, W, 3\]/);
      expect(() => call({}, zeros([1, 8, 8, 3], 'int32'))).toThrow(/divide bytes by 255/);
      expect(() => call({ mask: zeros([2, 15]) })).toThrow(/\[2, 16\], but \[2, 15\] came/);
      expect(() => call({ blocks: [2] })).toThrow(/0 to 1, but 2 came/);
      expect(() => applyVit({ ...config, depth: 3 }, params, images)).toThrow(/no block 2/);
      const { maskToken: _, ...unmasked } = params;
      expect(() => applyVit({ ...config, maskToken: false }, unmasked, images, { mask: zeros([2, 16]) })).toThrow(
        /no mask token/,
      );
    });
  });
});
