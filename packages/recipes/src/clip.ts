/**
 * CLIP on the towers of TIPS: the contrastive loss alone, on one clean crop. The baseline that iBOT and iBOT++ are measured against
 * (TIPSv2, tables 9 to 11).
 *
 * "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021, arXiv 2103.00020; loss as in OpenCLIP. Deviations:
 * towers, tokenizer, crops and optimiser are those of the TIPS recipes, so that a comparison changes the loss and nothing else.
 *
 *   vitrail pretrain --recipe clip:tiny --data scenes
 *
 * 600 steps, 1 minute 15 seconds of one CPU core (wasm). On 256 unseen scenes: mIoU 0.210 (guessing 0.012), picture to text R@1 0.49 (0.004), zero-shot
 * top 1 0.289 (0.05).
 */
import { disposeBatch, type VisionTextBatch, visionTextBatch } from './batch.ts';
import type { DualEncoderConfiguration } from './configuration.ts';
import { contrastiveLoss } from './contrastive-loss.ts';
import { contrastivePresets } from './contrastive-presets.ts';
import { type DualEncoderParams, type DualEncoderSystem, dualEncoder } from './dual-encoder.ts';
import { contrastiveMemory } from './dual-encoder-memory.ts';
import { buildOptimizer } from './optimizer.ts';
import type { Recipe } from './recipe.ts';

/** CLIP, put together. */
type ClipSystem = DualEncoderSystem<DualEncoderParams, Record<string, never>, VisionTextBatch>;

/** CLIP (Radford et al., ICML 2021, arXiv 2103.00020) on the towers, batches and optimiser of TIPSv2. */
export const clip: Recipe<DualEncoderConfiguration, ClipSystem> = {
  name: 'clip',
  title: 'CLIP: the contrastive loss alone',
  paper: 'ICML 2021, arXiv 2103.00020',
  presets: contrastivePresets,
  check: assembleClip,
  assemble: assembleClip,
  memory: (config, options) => contrastiveMemory(config, options),
};

function assembleClip(config: DualEncoderConfiguration): ClipSystem {
  const encoder = dualEncoder(config, { masks: false });
  return {
    encoder,
    model: encoder.model,
    ...buildOptimizer(config.optimizer, config.train.steps),
    prepare: (tokenizer, batch) => visionTextBatch(config, tokenizer, batch),
    release: disposeBatch,
    program: {
      init: (rng) => ({ params: encoder.init(rng), carried: {} }),
      loss(params, _, batch) {
        const { cls } = encoder.encodeImages(params.image, batch.global); // [B, C, D]
        const texts = encoder.encodeTexts(params.text, batch.texts); // [C * B, D]
        const contrastive = contrastiveLoss(cls, texts, params.logitScale);
        return { loss: contrastive, metrics: { 'loss/contrastive': contrastive }, auxiliary: {} };
      },
      carry: () => ({}),
      constrain: ({ logitScale }) => ({ logitScale: encoder.guard(logitScale) }),
    },
  };
}
