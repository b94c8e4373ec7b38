/**
 * MAE: three quarters of the patches are dropped, the tower encodes the rest, and a light decoder predicts the pixels of those that it has
 * not seen. The decoder is thrown away after training.
 *
 * "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022, arXiv 2111.06377.
 *
 *   L = mean over dropped patches of |decoder(encoder(kept patches)) - pixels|^2          section 3, pixels normalised patch by patch
 *
 * Deviations: the tower is that of TIPS, whose positions are trained (MAE: fixed sines and cosines) and whose CLS token has none; the tiny and the
 * small decoder and schedule are made for minutes.
 *
 *   vitrail pretrain --recipe mae:tiny --data scenes
 *
 * 600 steps, 33 seconds of one CPU core (wasm). Of 256 scenes never trained on, k-NN finds 0.148 (with sums rounded in another order 0.102; the same tower before
 * training: 0.109; chance 0.052), the probe of patches has mIoU 0.285 (0.285): so short a run teaches the tower nothing that these measure.
 */
import { mean, type Scalar, type Tensor2D } from '@tensorflow/tfjs-core';
import { disposeTree, type TensorTree } from '@vitrail/core';
import { mae as maeLoss, normalizePatches, patchify } from '@vitrail/losses';
import type { VitParams } from '@vitrail/vit';
import { type ImageBatch, imageBatch } from './batch.ts';
import { hiddenPatches, keptPatches } from './batch-masks.ts';
import type { ImageConfiguration } from './configuration.ts';
import { imagePresets } from './image-presets.ts';
import { imageTower } from './image-tower.ts';
import { type MaeDecoderParams, type MaeDecoderSection, maeDecoder } from './mae-decoder.ts';
import { maeMemory } from './mae-memory.ts';
import { buildOptimizer } from './optimizer.ts';
import type { Recipe, System } from './recipe.ts';
import { requireMask } from './require-mask.ts';
import { requireImageSettings, requirePositions, requireTower } from './require-settings.ts';

/** Every setting of MAE. */
export type MaeConfiguration = ImageConfiguration & {
  /** Patches that are dropped, at random: `round(ratio * N)` of every picture. */
  mask: { ratio: number };
  decoder: MaeDecoderSection;
};

/** Parameters of MAE: the tower, and the decoder. */
export type MaeParams = { image: VitParams; heads: { decoder: MaeDecoderParams } };

/** A batch with the patches that are kept, `[B, K]`, and those that are dropped, 1 in `[B, N]`. */
export type MaeBatch = ImageBatch & { keep: Tensor2D; mask: Tensor2D };

/** MAE, put together. */
export type MaeSystem = System<MaeParams & TensorTree, Record<string, never>, MaeBatch>;

/** MAE (He et al., CVPR 2022, arXiv 2111.06377). */
export const mae: Recipe<MaeConfiguration, MaeSystem> = {
  name: 'mae',
  title: 'MAE: the pixels of three quarters of the patches from the others',
  paper: 'CVPR 2022, arXiv 2111.06377',
  presets: imagePresets({
    tiny: (base) => ({
      ...base,
      mask: { ratio: 0.75 },
      decoder: { width: 64, depth: 1, heads: 2, mlpHidden: 256 },
    }),
    small: (base) => ({
      ...base,
      mask: { ratio: 0.75 },
      decoder: { width: 96, depth: 2, heads: 3, mlpHidden: 384 },
    }),
    // Batch 4096, 800 epochs of ImageNet of which 40 warm up, 1.5e-4 per 256 pictures: appendix A.1.
    'B/16': ({ views, optimizer, train, ...base }) => ({
      ...base,
      views: { ...views, globalScale: [0.2, 1] },
      mask: { ratio: 0.75 },
      decoder: { width: 512, depth: 8, heads: 16, mlpHidden: 2048 },
      optimizer: { ...optimizer, learningRate: 2.4e-3, warmupSteps: 12_500, beta2: 0.95, weightDecay: 0.05 },
      train: { ...train, steps: 250_000, batchSize: 4096 },
    }),
  }),
  check: assembleMae,
  assemble: assembleMae,
  memory: maeMemory,
};

function assembleMae(config: MaeConfiguration): MaeSystem {
  requireImageSettings(config);
  const { decoder: section, image, mask, train, views } = config;
  const side = views.globalSize / image.patchSize;
  requireMask(mask.ratio, { side, least: 1 });
  requireTower('decoder', section, section.width);
  if (image.initialization === 'local') requirePositions('decoder', section.width);
  const tower = imageTower(config, { masks: false });
  const decoder = maeDecoder(tower.vit, section, image.initialization);
  const draw = {
    spec: { kind: 'random', ratio: mask.ratio },
    side,
    seed: train.seed,
  } as const;
  return {
    model: tower.model,
    ...buildOptimizer(config.optimizer, train.steps),
    prepare: (_, batch) => ({
      ...imageBatch(views, batch),
      keep: keptPatches(draw, batch),
      mask: hiddenPatches(draw, batch),
    }),
    release: disposeTree,
    program: {
      init: (rng) => ({
        params: { image: tower.init(rng.fork('image')), heads: { decoder: decoder.init(rng.fork('heads', 'decoder')) } },
        carried: {},
      }),
      loss(params, _, { global, keep, mask }) {
        const encoded = tower.encode(params.image, global, { keep }); // patches: [B, K, D]
        const prediction = decoder.decode(params.heads.decoder, encoded, keep); // [B, N, p * p * 3]
        const target = normalizePatches(patchify(global, image.patchSize));
        const loss = mean<Scalar>(maeLoss(prediction, target, mask));
        return { loss, metrics: { 'loss/pixels': loss }, auxiliary: {} };
      },
      carry: () => ({}),
    },
  };
}
