import { add, engine, mul, type Scalar, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { createRng, flattenTree, type TensorTree, unflattenTree } from '@vitrail/core';
import { describedModel } from '@vitrail/pretrained';
import { onBackend, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { type AnyImageSystem, pictures, tinyDino, tinyIbot, tinyMae, tinySimMim } from '../test/tiny-image.ts';
import { dino, type ImageConfiguration, ibot, mae, simmim } from './index.ts';

const systems: readonly (readonly [name: string, config: ImageConfiguration, system: AnyImageSystem])[] = [
  ['mae', tinyMae, mae.assemble(tinyMae) as AnyImageSystem],
  ['simmim', tinySimMim, simmim.assemble(tinySimMim) as AnyImageSystem],
  ['dino', tinyDino, dino.assemble({ ...tinyDino, loss: { ...tinyDino.loss, koLeoWeight: 0.1 } }) as AnyImageSystem],
  ['ibot', tinyIbot, ibot.assemble(tinyIbot) as AnyImageSystem],
];

onBackend(['wasm'], () => {
  describe.each(systems)('%s', (_, config, system) => {
    it('needs no captions and no tokenizer', () => {
      tidy(() => {
        const start = system.program.init(createRng(7));
        const batch = system.prepare(undefined, pictures(config));
        const { loss } = system.program.loss(start.params, start.carried, batch, 0);
        expect(Number.isFinite(loss.dataSync()[0])).toBe(true);
      });
    });

    it('has the gradient that finite differences give', () => {
      tidy(() => {
        const { params, carried } = system.program.init(createRng(7));
        const batch = system.prepare(undefined, pictures(config));
        const flat = flattenTree<Tensor>(params);
        const path = 'image.blocks.1.attn.proj.kernel';
        const direction = sampleTensor(flat[path].shape as [number, number], 5);
        const lossAt = (moved: Tensor) =>
          system.program.loss(unflattenTree({ ...flat, [path]: moved }) as TensorTree, carried, batch, 3).loss;
        const along = (amount: number) => lossAt(add(flat[path], mul(direction, amount))).dataSync()[0];
        const { grads } = engine().gradients<Scalar>(() => lossAt(flat[path]), [flat[path]]);
        const expected = sum(mul(grads[0], direction)).dataSync()[0];
        const found = (along(0.003) - along(-0.003)) / 0.006;
        expect(Math.abs(expected)).toBeGreaterThan(1e-4);
        expect(Math.abs(found / expected - 1)).toBeLessThan(0.02);
      });
    });

    it('trains a model that encodes pictures and no texts', () => {
      tidy(() => {
        const { params } = system.program.init(createRng(7));
        const model = describedModel(system.model.describe(), params);
        expect(model.encodesTexts).toBe(false);
        const { cls, patches } = model.encodeImages(new Float32Array(2 * 16 * 16 * 3), 2);
        expect([cls.shape, patches.shape]).toEqual([
          [2, 1, 16],
          [2, 4, 4, 16],
        ]);
      });
    });
  });
});

it.each([
  [mae, { ...tinyMae, image: { ...tinyMae.image, initialization: 'local', width: 18 } }, 'image.width is a multiple of 4'],
  [mae, { ...tinyMae, mask: { ratio: 0.97 } }, 'mask.ratio 0.97 hides all 16 patches of a crop'],
  [mae, { ...tinyMae, mask: { ratio: 0.03 } }, 'mask.ratio 0.03 hides none of the 16 patches of a crop'],
  [simmim, { ...tinySimMim, mask: { ratio: 1, squareSize: 4 } }, 'mask.ratio 1 hides all 16 patches of a crop'],
  [simmim, { ...tinySimMim, mask: { ratio: 0.01, squareSize: 4 } }, 'mask.ratio 0.01 hides none of the 16 patches of a crop'],
  [ibot, { ...tinyIbot, mask: { ...tinyIbot.mask, ratio: [0.1, 1] } }, 'mask.ratio 1 hides all 16 patches of a crop'],
  [
    mae,
    { ...tinyMae, decoder: { ...tinyMae.decoder, heads: 3 } },
    'decoder.heads must divide decoder.width, but 8 is not a multiple of 3',
  ],
  [mae, { ...tinyMae, image: { ...tinyMae.image, depth: 0 } }, 'image.depth is a whole number of at least 1'],
  [
    simmim,
    { ...tinySimMim, mask: { ratio: 0.5, squareSize: 6 } },
    'mask.squareSize is a multiple of image.patchSize (4), but 6 came',
  ],
  [
    dino,
    { ...tinyDino, views: { ...tinyDino.views, globalCrops: 1, localCrops: 0 } },
    'set views.globalCrops to 2, or views.localCrops to 1',
  ],
  [
    dino,
    { ...tinyDino, views: { ...tinyDino.views, globalCrops: 0 } },
    'views.globalCrops is a whole number of at least 1, but 0 came',
  ],
  [dino, { ...tinyDino, heads: { ...tinyDino.heads, prototypes: 1 } }, 'heads.prototypes is a whole number of at least 2'],
  [ibot, { ...tinyIbot, mask: { ...tinyIbot.mask, ratio: [0.5, 0.1] } }, 'mask.ratio is two shares of the patches'],
  [ibot, { ...tinyIbot, mask: { ...tinyIbot.mask, probability: 2 } }, 'mask.probability is a number from 0 to 1, but 2 came'],
])('%# refuses settings that cannot be, naming them', (recipe, config, message) => {
  const assemble = recipe.assemble as (config: ImageConfiguration) => unknown;
  expect(() => assemble(config as ImageConfiguration)).toThrow(message);
});
