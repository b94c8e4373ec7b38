/**
 * BYOLIP: SiamLIP whose targets come from a momentum copy of the network, which sees the same views.
 *
 * "Improved baselines for vision-language pre-training", TMLR 10/2023, arXiv 2305.08675; code facebookresearch/clip-rocket.
 *
 *   v' = projector'(f'),   theta' <- tau theta' + (1 - tau) theta after every step, tau 0.99
 *
 * The copy starts equal, normalises by its batches and drops out as in training, and is of parameters alone. It is of towers and of the term's
 * heads (the code copies CLIP's projectors as well, and does not use them). For the rest see `siamlip.ts`.
 *
 *   vitrail pretrain --recipe byolip:tiny --data scenes
 *
 * 40 epochs of 2,000 scenes of 32 pixels, 3 minutes 40 seconds of one CPU core (command in `docs/recipes.md`). On 1,000 unseen scenes: zero-shot top 1 0.247
 * (guessing 0.05), picture to text R@10 0.759; `clip-rocket` beside it 0.245 and 0.741.
 */
import { countShapes } from '@vitrail/core';
import { siamLipProjector } from '@vitrail/heads';
import { requireRange } from '@vitrail/train';
import { assembleClipRocket, type RocketSystem } from './clip-rocket.ts';
import { rocketMemory } from './clip-rocket-memory.ts';
import { rocketPresetsWith } from './clip-rocket-presets.ts';
import { dualEncoder } from './dual-encoder.ts';
import { dualEncoderShapes } from './dual-encoder-memory.ts';
import { mlpPass } from './head-pass.ts';
import type { Recipe } from './recipe.ts';
import { type SiamlipConfiguration, siamMemory, siamSection, siamTerm } from './siamlip.ts';
import type { MemoryOptions, StepMemory } from './step-memory.ts';

/** Every setting of BYOLIP. */
export type ByolipConfiguration = SiamlipConfiguration & {
  /** `momentum`: share of the copy that a step keeps; tau in the paper. */
  teacher: { momentum: number };
};

/** BYOLIP (Fini et al., TMLR 2023, arXiv 2305.08675). */
export const byolip: Recipe<ByolipConfiguration, RocketSystem> = {
  name: 'byolip',
  title: 'BYOLIP: CLIP-Rocket and BYOL between pictures and captions',
  paper: 'TMLR 2023, arXiv 2305.08675',
  presets: rocketPresetsWith((name) => ({ siam: siamSection(name), teacher: { momentum: 0.99 } })),
  check: assembleByolip,
  assemble: assembleByolip,
  memory: byolMemory,
};

function assembleByolip(config: ByolipConfiguration): RocketSystem {
  const { momentum } = config.teacher;
  requireRange('teacher.momentum', momentum, 0, 1);
  return assembleClipRocket(config, { ...siamTerm('byolip', config), momentum });
}

/** That of SiamLIP, the copy of towers and heads, and what its projectors make of every view. */
function byolMemory(config: ByolipConfiguration, options?: MemoryOptions): StepMemory {
  const { image, rocket, siam, train } = config;
  const { parameters = {}, passes } = siamMemory(config);
  const copies = countShapes({ ...dualEncoderShapes(dualEncoder(config, { masks: false })), parameters });
  const target = mlpPass(siamLipProjector(image.width, siam), { views: 1 + rocket.views, rows: train.batchSize });
  return rocketMemory(config, options, { parameters, copies, passes: [...passes, { ...target, parameters: 0 }] });
}
