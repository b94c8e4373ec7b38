import {
  add,
  concat,
  engine,
  mean,
  mul,
  type Rank,
  slice,
  square,
  sum,
  type Tensor,
  type Tensor4D,
  tensor,
  tensor2d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { countParameters, createRng, disposeTree, flattenTree, unflattenTree } from '@vitrail/core';
import { l2Normalize } from '@vitrail/ops';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { utaConfig, utaImages, utaParams } from '../test/uta-tower.ts';
import { initEvaVit } from './eva-initialization.ts';
import { evaVitPresets } from './eva-presets.ts';
import { applyEvaVit, type EvaVitConfig, type EvaVitParams, evaVitParameterCount } from './eva-vit.ts';

/** Numbers of UTA's own code in float64; its tables of cosines are in float32. */
const kept = [0, 3, 5, 6, 10, 12, 13, 15, 1, 2, 4, 7, 8, 9, 11, 14];

function withUta(check: (params: EvaVitParams, images: Tensor4D) => void): void {
  const params = utaParams();
  const images = utaImages();
  try {
    tidy(() => {
      check(params, images);
    });
  } finally {
    images.dispose();
    disposeTree(params);
  }
}

describe('the tower of UTA, against its own code', () => {
  onBackend(['cpu', 'wasm'], () => {
    it('gives the same tokens in the joint space', () => {
      withUta((params, images) => {
        const { cls, patches, grid } = applyEvaVit(utaConfig, params, images);
        expect(countParameters(params)).toBe(7302);
        expect(grid).toEqual({ rows: 4, columns: 4 });
        expectClose(
          cls,
          [
            [0.6940716, -1.7033129, 0.4459104, 0.9905309, -1.2621064, 0.28332],
            [0.6802017, -1.6708194, 0.4356966, 0.9656078, -1.2334199, 0.286981],
          ].flat(),
          2e-6,
        );
        const sixth = slice(patches, [0, 5, 0], [1, 1, 6]);
        expectClose(sixth, [0.0105704, 0.7606999, -0.6968817, -0.6264596, 1.0791774, 0.1649822], 2e-6);
      });
    });

    it('computes the patches that are kept, each turned by its own place', () => {
      withUta((params, images) => {
        const { cls, patches } = applyEvaVit(utaConfig, params, images, { keep: tensor2d(kept, [2, 8], 'int32') });
        expectClose(
          cls,
          [
            [0.4079276, -1.2853159, 0.4222406, 0.5900777, -0.941626, 0.4462374],
            [0.944332, -1.6688459, 0.1701035, 1.1604883, -1.1122697, 0.0023056],
          ].flat(),
          2e-6,
        );
        const seventh = slice(patches, [1, 3, 0], [1, 1, 6]);
        expectClose(seventh, [0.9904463, 0.3790936, -1.3939161, 0.2717793, 1.1104492, -0.756435], 2e-6);
        // The loss of UTA with the full view as teacher.
        const full = applyEvaVit(utaConfig, params, images);
        const teacher = full.patches.arraySync();
        const seen = tensor([0, 1].map((b) => kept.slice(8 * b, 8 * b + 8).map((patch) => teacher[b][patch])));
        const cosines = (a: Tensor, b: Tensor) => sum(mul(l2Normalize(a), l2Normalize(b)), -1);
        expectClose(mean(cosines(cls, full.cls)), [0.981924161], 1e-6);
        expectClose(mean(concat([cosines(cls, full.cls), cosines(patches, seen)], 1)), [0.847256664], 1e-6);
      });
    });

    it('turns by stretched positions, or not at all', () => {
      withUta((params, images) => {
        const start = (rotaryGrid: number | undefined) =>
          slice(applyEvaVit({ ...utaConfig, rotaryGrid }, params, images).cls, [0, 0, 0], [1, 1, 3]);
        expectClose(start(4), [0.6332371, -1.4134206, 0.2918806], 2e-6);
        expectClose(start(undefined), [0.9072468, -1.7430372, 0.2621784], 2e-6);
      });
    });
  });
});

const config: EvaVitConfig = {
  imageSize: 8,
  patchSize: 4,
  width: 8,
  depth: 2,
  heads: 2,
  mlp: { kind: 'swiglu', hidden: 6 },
  ffnNorm: true,
  innerNorm: true,
  rotaryGrid: 16,
  embedding: 5,
  maskToken: true,
};

/** A tower none of whose parameters is 0 or 1. */
function withTower(check: (params: EvaVitParams, images: Tensor4D) => void, of: EvaVitConfig = config): void {
  const fresh = initEvaVit(of, createRng(3));
  const flat = flattenTree<Tensor>(fresh);
  const params = tidy(() => {
    const moved = Object.entries(flat).map(([path, leaf], i) => [path, add(leaf, mul(0.3, sampleTensor(leaf.shape, i)))]);
    return unflattenTree<Tensor>(Object.fromEntries(moved)) as EvaVitParams;
  });
  disposeTree(fresh);
  const images = sampleTensor<Rank.R4>([2, 8, 8, 3]);
  try {
    tidy(() => {
      check(params, images);
    });
  } finally {
    images.dispose();
    disposeTree(params);
  }
}

describe('applyEvaVit', () => {
  it('has the gradients of finite differences, masked and with dropped patches', () => {
    const single = { ...config, depth: 1 };
    withTower((params, images) => {
      const flat = flattenTree<Tensor>(params);
      const paths = Object.keys(flat);
      const mask = tensor2d([0, 1, 0, 0, 0, 0, 0, 1], [2, 4]);
      const keep = tensor2d([0, 1, 3, 1, 2, 3], [2, 3], 'int32');
      const tower = (...leaves: Tensor[]) => {
        const moved = unflattenTree(Object.fromEntries(paths.map((path, i) => [path, leaves[i]]))) as EvaVitParams;
        const { cls, patches } = applyEvaVit(single, moved, images, { mask, keep });
        return concat([cls, patches], 1);
      };
      expectGradient(tower, Object.values(flat), { coordinates: 2, h: 3e-3, tolerance: 5e-3 });
    }, single);
  });

  it('has the same gradients when blocks run again for them', () => {
    withTower((params, images) => {
      const leaves = Object.values(flattenTree<Tensor>(params));
      const keep = tensor2d([0, 1, 3, 1, 2, 3], [2, 3], 'int32');
      const gradients = (remat: boolean) => {
        const loss = () => {
          const { cls, patches } = applyEvaVit(config, params, images, { mask: zeros([2, 4]), keep, remat });
          return sum(square(concat([cls, patches], 1)));
        };
        return engine().gradients(loss, leaves).grads;
      };
      const again = gradients(true);
      gradients(false).forEach((gradient, i) => {
        expectClose(again[i], gradient, 1e-5);
      });
    });
  });

  it('keeps all patches as if nothing were dropped; in another order only the patches are in another order', () => {
    withTower((params, images) => {
      const all = applyEvaVit(config, params, images);
      const inOrder = applyEvaVit(config, params, images, { keep: tensor2d([0, 1, 2, 3, 0, 1, 2, 3], [2, 4], 'int32') });
      expectClose(inOrder.cls, all.cls, 1e-6);
      expectClose(inOrder.patches, all.patches, 1e-6);
      const order = [2, 0, 3, 1];
      const reordered = applyEvaVit(config, params, images, { keep: tensor2d([...order, ...order], [2, 4], 'int32') });
      expectClose(reordered.cls, all.cls, 1e-5);
      const rows = all.patches.arraySync();
      expectClose(reordered.patches, tensor(rows.map((sample) => order.map((index) => sample[index]))), 1e-5);
    });
  });

  it('hides what a masked patch shows, but not where it is', () => {
    withTower((params, images) => {
      const mask = tensor2d([0, 1, 0, 0, 0, 1, 0, 0], [2, 4]);
      const pixels = images.arraySync();
      for (const image of pixels) image[0][7] = [9, 9, 9]; // in patch 1
      const masked = applyEvaVit(config, params, images, { mask });
      expectClose(applyEvaVit(config, params, tensor(pixels) as Tensor4D, { mask }).cls, masked.cls, 1e-6);
      const elsewhere = applyEvaVit(config, params, images, { mask: tensor2d([0, 0, 1, 0, 0, 0, 1, 0], [2, 4]) });
      expect(elsewhere.cls.arraySync()).not.toEqual(masked.cls.arraySync());
    });
  });

  it('takes pictures of another size and shape', () => {
    withTower((params) => {
      const { cls, patches, tokens, grid } = applyEvaVit(config, params, sampleTensor<Rank.R4>([1, 12, 20, 3]));
      expect([cls.shape, patches.shape, tokens.shape]).toEqual([
        [1, 1, 5],
        [1, 15, 5],
        [1, 16, 8],
      ]);
      expect(grid).toEqual({ rows: 3, columns: 5 });
    });
  });

  it('gives tokens of its own width without a head', () => {
    const headless = { ...config, embedding: undefined };
    withTower((params, images) => {
      expect(applyEvaVit(headless, params, images).cls.shape).toEqual([2, 1, 8]);
    }, headless);
  });

  it('hands back its outputs and nothing else', () => {
    withTower((params, images) => {
      expectNoLeak(() => {
        const { cls, patches, tokens } = applyEvaVit(config, params, images, { remat: true });
        return [cls, patches, tokens];
      });
    });
  });

  it('says what is wrong', () => {
    withTower((params, images) => {
      const { 1: _, ...blocks } = params.blocks;
      expect(() => applyEvaVit(config, { ...params, blocks }, images)).toThrow('the parameters have no block 1');
      expect(() => applyEvaVit(config, params, images, { mask: zeros([2, 5]) })).toThrow('applyEvaVit: the mask of these images');
      const gelu = { ...config, mlp: { kind: 'gelu', hidden: 6 } } as const;
      expect(() => applyEvaVit(gelu, params, images)).toThrow('kind gelu, but the parameters hold w12 and norm and w3');
    });
  });
});

describe('evaVitPresets', () => {
  // Counted in the models that the references make: jihaonew/UTA; the last also timm's eva_giant_patch14_clip_224.
  it.each([
    ['B/14', 86_546_176],
    ['B/16', 86_638_336],
    ['L/14', 304_318_400],
    ['L/14@336', 304_646_080],
    ['g/14', 1_012_998_528],
    ['g/14@336', 1_013_449_088],
    ['EVA01-g/14', 1_012_588_928],
  ] as const)('%s has as many parameters as the published tower', (name, count) => {
    expect(evaVitParameterCount(evaVitPresets[name])).toBe(count);
  });

  it('becomes the tower of EVA-02-CLIP with the norm in its attention', () => {
    // timm's eva02_base_patch16_clip_224 with 512 outputs.
    expect(evaVitParameterCount({ ...evaVitPresets['B/16'], innerNorm: true, embedding: 512 })).toBe(86_263_040);
  });
});
