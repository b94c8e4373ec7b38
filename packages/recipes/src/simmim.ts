/**
 * SimMIM: patches under squares of 32 pixels become a mask token, the tower sees them all, and a single linear layer predicts the pixels.
 *
 * "SimMIM: A Simple Framework for Masked Image Modeling", CVPR 2022, arXiv 2111.09886.
 *
 *   L = mean over hidden pixels of |linear(tower(picture with mask tokens)) - pixels|          sections 3.2 and 3.3
 *
 * Deviations: the tower is that of TIPS, with trained positions (SimMIM's ViT: shared relative ones) and without drop path; pixels go from 0 to 1, so
 * that the loss is about 0.23 of one on ImageNet's normalised pixels; the rate falls along a cosine (SimMIM: one step down at 700 of 800 epochs).
 *
 *   vitrail pretrain --recipe simmim:tiny --data scenes
 *
 * 600 steps, 45 seconds of one CPU core (wasm). Of 256 scenes never trained on, k-NN finds 0.094 (the same tower before training: 0.109; chance 0.052),
 * the probe of patches has mIoU 0.283 (0.285): so short a run teaches the tower nothing that these measure.
 */
import { mean, type Scalar, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import { disposeTree, filled, initParameters, linearShapes, type TensorTree, VitrailError, xavierUniform } from '@vitrail/core';
import { patchify, simMim } from '@vitrail/losses';
import { type LinearParams, linear } from '@vitrail/ops';
import { requireWhole } from '@vitrail/train';
import type { VitParams } from '@vitrail/vit';
import { type ImageBatch, imageBatch } from './batch.ts';
import { hiddenPatches } from './batch-masks.ts';
import type { ImageConfiguration } from './configuration.ts';
import { imagePresets } from './image-presets.ts';
import { imageTower } from './image-tower.ts';
import { buildOptimizer } from './optimizer.ts';
import type { Recipe, System } from './recipe.ts';
import { requireMask } from './require-mask.ts';
import { requireImageSettings } from './require-settings.ts';
import { simMimMemory } from './simmim-memory.ts';

/** Every setting of SimMIM. */
export type SimMimConfiguration = ImageConfiguration & {
  mask: {
    /** Share of the patches that is hidden, `round(ratio * N)` of every picture. */
    ratio: number;
    /** Side of the squares that hide them, in pixels: a multiple of the patch size. */
    squareSize: number;
  };
};

/** Parameters of SimMIM: the tower, and the layer that predicts pixels. */
export type SimMimParams = { image: VitParams; heads: { pixels: LinearParams } };

/** A batch with the patches that are hidden, 1 in `[B, N]`. */
export type SimMimBatch = ImageBatch & { mask: Tensor2D };

/** SimMIM, put together. */
export type SimMimSystem = System<SimMimParams & TensorTree, Record<string, never>, SimMimBatch>;

/** SimMIM (Xie et al., CVPR 2022, arXiv 2111.09886). */
export const simmim: Recipe<SimMimConfiguration, SimMimSystem> = {
  name: 'simmim',
  title: 'SimMIM: the pixels under squares, by mask tokens and a linear layer',
  paper: 'CVPR 2022, arXiv 2111.09886',
  presets: imagePresets({
    // Two patches across, as 32 pixels are of patches of 16.
    tiny: (base) => ({ ...base, mask: { ratio: 0.6, squareSize: 16 } }),
    small: (base) => ({ ...base, mask: { ratio: 0.6, squareSize: 16 } }),
    // Batch 2048, 800 epochs of ImageNet of which 10 warm up, 1e-4 per 512 pictures: configs/vit_base__800ep of its code.
    'B/16': ({ views, optimizer, train, ...base }) => ({
      ...base,
      views: { ...views, globalScale: [0.67, 1] },
      mask: { ratio: 0.6, squareSize: 32 },
      optimizer: { ...optimizer, learningRate: 4e-4, warmupSteps: 6250, beta2: 0.999, weightDecay: 0.05, maximumNorm: 5 },
      train: { ...train, steps: 500_000, batchSize: 2048 },
    }),
  }),
  check: assembleSimMim,
  assemble: assembleSimMim,
  memory: simMimMemory,
};

function assembleSimMim(config: SimMimConfiguration): SimMimSystem {
  requireImageSettings(config);
  const { image, mask, train, views } = config;
  const side = views.globalSize / image.patchSize;
  requireMask(mask.ratio, { side, least: 1 });
  requireWhole('mask.squareSize', mask.squareSize, 1);
  const square = mask.squareSize / image.patchSize;
  if (!Number.isInteger(square)) {
    throw new VitrailError(
      'invalid-argument',
      `mask.squareSize is a multiple of image.patchSize (${image.patchSize}), but ${mask.squareSize} came`,
    );
  }
  const tower = imageTower(config, { masks: true });
  const draw = {
    spec: { kind: 'square', ratio: mask.ratio, side: square },
    side,
    seed: train.seed,
  } as const;
  const pixels = linearShapes(image.width, image.patchSize ** 2 * 3);
  return {
    model: tower.model,
    ...buildOptimizer(config.optimizer, train.steps),
    prepare: (_, batch) => ({ ...imageBatch(views, batch), mask: hiddenPatches(draw, batch) }),
    release: disposeTree,
    program: {
      init: (rng) => ({
        params: {
          image: tower.init(rng.fork('image')),
          heads: initParameters({ pixels }, rng.fork('heads'), [
            ['**.kernel', xavierUniform()],
            ['**.bias', filled(0)],
          ]) as SimMimParams['heads'],
        },
        carried: {},
      }),
      loss(params, _, { global, mask }) {
        const { patches } = tower.encode(params.image, global, { mask }); // [B, N, D]
        const prediction = linear(patches, params.heads.pixels) as Tensor3D; // [B, N, p * p * 3]
        const loss = mean<Scalar>(simMim(prediction, patchify(global, image.patchSize), mask));
        return { loss, metrics: { 'loss/pixels': loss }, auxiliary: {} };
      },
      carry: () => ({}),
    },
  };
}
