/**
 * FLIP on the towers of TIPS: CLIP whose image tower sees a part of the patches only, so that a step costs less and more pictures fit into
 * it; the last steps see all of them.
 *
 * "Scaling Language-Image Pre-training via Masking", CVPR 2023, arXiv 2212.00794; no pixels are predicted, as in its main experiments.
 * Deviations: towers, tokenizer, crops and optimiser are those of the TIPS recipes, so that a comparison with `clip` changes the dropping and
 * nothing else; the last steps without dropping ("unmasked tuning") belong to the one run and its schedule, where the paper starts another.
 *
 *   vitrail pretrain --recipe flip:tiny --data scenes
 *
 * 600 steps, 1 minute 5 seconds of one CPU core (wasm). On 256 unseen scenes: mIoU 0.109 (guessing 0.012), picture to text R@1 0.55 (0.004), zero-shot
 * top 1 0.238 (0.05); `clip:tiny` beside it 0.210, 0.49 and 0.289.
 */
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { requireChoice, requireWhole } from '@vitrail/train';
import { disposeBatch, type VisionTextBatch, visionTextBatch } from './batch.ts';
import { keptPatches } from './batch-masks.ts';
import type { DualEncoderConfiguration } from './configuration.ts';
import { contrastiveLoss } from './contrastive-loss.ts';
import { contrastivePresets } from './contrastive-presets.ts';
import { type DualEncoderParams, type DualEncoderSystem, dualEncoder } from './dual-encoder.ts';
import { contrastiveMemory } from './dual-encoder-memory.ts';
import { buildOptimizer } from './optimizer.ts';
import type { Preset, Recipe } from './recipe.ts';
import { requireMask } from './require-mask.ts';
import type { MemoryOptions, StepMemory } from './step-memory.ts';

/** Every setting of FLIP. */
export type FlipConfiguration = DualEncoderConfiguration & {
  /** Patches left out of the image tower: `round(ratio * N)` of every picture, by a pure function of (`train.seed`, epoch, sample index). */
  mask: {
    kind: 'random' | 'block' | 'reversed-block';
    ratio: number;
    /** Steps at the end that see every patch. */
    wholeSteps: number;
  };
};

/** A batch with the patches that are looked at, `[B, K]`. */
export type FlipBatch = VisionTextBatch & { keep: Tensor2D };

/** FLIP (Li et al., CVPR 2023, arXiv 2212.00794) on the towers, batches and optimiser of TIPSv2. */
export const flip: Recipe<FlipConfiguration, DualEncoderSystem<DualEncoderParams, Record<string, never>, FlipBatch>> = {
  name: 'flip',
  title: 'FLIP: the contrastive loss on half of the patches',
  paper: 'CVPR 2023, arXiv 2212.00794',
  presets: Object.fromEntries(Object.entries(contrastivePresets).map(([name, preset]) => [name, dropping(preset)])),
  check: assembleFlip,
  assemble: assembleFlip,
  memory: flipMemory,
};

function assembleFlip(config: FlipConfiguration): DualEncoderSystem<DualEncoderParams, Record<string, never>, FlipBatch> {
  const encoder = dualEncoder(config, { masks: false });
  const { image, mask, train, views } = config;
  requireChoice('mask.kind', mask.kind, ['random', 'block', 'reversed-block']);
  const side = views.globalSize / image.patchSize;
  requireMask(mask.ratio, { side, least: 0 });
  requireWhole('mask.wholeSteps', mask.wholeSteps, 0);
  return {
    encoder,
    model: encoder.model,
    ...buildOptimizer(config.optimizer, train.steps),
    prepare: (tokenizer, batch) => ({
      ...visionTextBatch(config, tokenizer, batch),
      keep: keptPatches({ spec: mask, side, seed: train.seed }, batch),
    }),
    release({ keep, ...batch }) {
      keep.dispose();
      disposeBatch(batch);
    },
    program: {
      init: (rng) => ({ params: encoder.init(rng), carried: {} }),
      loss(params, _, batch, step) {
        const options = step < train.steps - mask.wholeSteps ? { keep: batch.keep } : {};
        const { cls } = encoder.encodeImages(params.image, batch.global, options); // [B, C, D]
        const texts = encoder.encodeTexts(params.text, batch.texts); // [C * B, D]
        const contrastive = contrastiveLoss(cls, texts, params.logitScale);
        return { loss: contrastive, metrics: { 'loss/contrastive': contrastive }, auxiliary: {} };
      },
      carry: () => ({}),
      constrain: ({ logitScale }) => ({ logitScale: encoder.guard(logitScale) }),
    },
  };
}

/** Of the last steps, which see every patch, where there are such. */
function flipMemory(config: FlipConfiguration, options?: MemoryOptions): StepMemory {
  const { image, mask, views } = config;
  const patches = (views.globalSize / image.patchSize) ** 2;
  const kept = mask.wholeSteps > 0 ? patches : patches - Math.round(mask.ratio * patches);
  return contrastiveMemory(config, options, { kept });
}

/** Half of the patches, as the paper's default; a tenth of the steps sees all of them. */
function dropping({ config, note }: Preset<DualEncoderConfiguration>): Preset<FlipConfiguration> {
  const mask = { kind: 'random', ratio: 0.5, wholeSteps: Math.round(config.train.steps / 10) } as const;
  return { note, config: { ...config, mask } };
}
