/**
 * CLIP on the towers of TIPS: the contrastive loss alone, on one clean crop. The baseline that iBOT and iBOT++ are measured against
 * (TIPSv2, tables 9 to 11).
 *
 * "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021, arXiv 2103.00020; loss as in OpenCLIP. Deviations:
 * towers, tokenizer and optimiser are those of the TIPS recipes, so that a comparison changes the loss and nothing else.
 *
 *   vitrail pretrain --recipe clip:tiny --data scenes
 */

import { disposeBatch, type VisionTextBatch, visionTextBatch } from './batch.ts';
import type { DualEncoderConfiguration } from './configuration.ts';
import { type DualEncoderParams, dualEncoder } from './dual-encoder.ts';
import { buildOptimizer } from './optimizer.ts';
import type { Preset, Recipe, System } from './recipe.ts';
import { contrastiveLoss, type TipsConfiguration } from './tipsv2.ts';
import { tipsv2Presets } from './tipsv2-presets.ts';

type NothingCarried = Record<string, never>;

export const clip: Recipe = {
  name: 'clip',
  title: 'CLIP: the contrastive loss alone',
  paper: 'ICML 2021, arXiv 2103.00020',
  presets: Object.fromEntries(Object.entries(tipsv2Presets).map(([name, preset]) => [name, contrastiveOnly(preset)])),
  assemble: assembleClip,
};

function assembleClip(config: DualEncoderConfiguration): System<DualEncoderParams, NothingCarried, VisionTextBatch> {
  const encoder = dualEncoder(config, { masks: false });
  return {
    encoder,
    ...buildOptimizer(config.optimizer, config.train.steps),
    prepare: (tokenizer, batch) => visionTextBatch(config, tokenizer, batch),
    release: disposeBatch,
    program: {
      init: (rng) => ({ params: encoder.init(rng), carried: {} }),
      loss(params, _, batch) {
        const { cls } = encoder.encodeImages(params.image, batch.global); // [B, C, D]
        const texts = encoder.encodeTexts(params.text, batch.texts); // [C * B, D]
        return { loss: contrastiveLoss(cls, texts, params.logitScale), metrics: {}, auxiliary: {} };
      },
      carry: () => ({}),
      constrain: ({ logitScale }) => ({ logitScale: encoder.guard(logitScale) }),
    },
  };
}

function contrastiveOnly({ config, note }: Preset<TipsConfiguration>): Preset<DualEncoderConfiguration> {
  const { mask: _mask, heads: _heads, teacher: _teacher, loss, ...shared } = config;
  return {
    note,
    config: {
      ...shared,
      views: { ...shared.views, localCrops: 0 },
      loss: { temperature: loss.temperature, minimumTemperature: loss.minimumTemperature },
    },
  };
}
