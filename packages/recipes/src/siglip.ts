/**
 * SigLIP on the towers of TIPS: every pair of a picture and a caption is a yes-or-no question of its own, so that no softmax runs over the
 * batch.
 *
 * "Sigmoid Loss for Language Image Pre-Training", ICCV 2023, arXiv 2303.15343; loss and starts as in big_vision. Deviations: towers, tokenizer,
 * crops and optimiser are those of the TIPS recipes, so that a comparison with `clip` changes the loss and nothing else; where the paper
 * starts the bias at -10 for batches of 16k, `tiny` and `small` start it where the loss expects one match among their B texts, `-ln(B - 1)`.
 *
 *   vitrail pretrain --recipe siglip:tiny --data scenes
 *
 * 600 steps, 1 minute 15 seconds of one CPU core (wasm). On 256 unseen scenes: mIoU 0.191 (guessing 0.012), picture to text R@1 0.48 (0.004), zero-shot
 * top 1 0.328 (0.05); `clip:tiny` beside it 0.210, 0.49 and 0.289.
 */
import { type Scalar, scalar } from '@tensorflow/tfjs-core';
import { sigmoidContrastive } from '@vitrail/losses';
import { requireRange } from '@vitrail/train';
import { disposeBatch, type VisionTextBatch, visionTextBatch } from './batch.ts';
import type { DualEncoderConfiguration } from './configuration.ts';
import { meanOverStreams } from './contrastive-loss.ts';
import { contrastivePresets } from './contrastive-presets.ts';
import { type DualEncoderParams, type DualEncoderSystem, dualEncoder } from './dual-encoder.ts';
import { contrastiveMemory } from './dual-encoder-memory.ts';
import { buildOptimizer } from './optimizer.ts';
import type { Preset, Recipe } from './recipe.ts';

/** Every setting of SigLIP. */
export type SiglipConfiguration = DualEncoderConfiguration & {
  loss: DualEncoderConfiguration['loss'] & {
    /** What is added to every score at the start; it is learned. */
    bias: number;
  };
};

/** The two towers, the temperature and the bias. */
export type SiglipParams = DualEncoderParams & { logitBias: Scalar };

/** SigLIP (Zhai et al., ICCV 2023, arXiv 2303.15343) on the towers, batches and optimiser of TIPSv2. */
export const siglip: Recipe<SiglipConfiguration, DualEncoderSystem<SiglipParams, Record<string, never>, VisionTextBatch>> = {
  name: 'siglip',
  title: 'SigLIP: the sigmoid contrastive loss alone',
  paper: 'ICCV 2023, arXiv 2303.15343',
  presets: Object.fromEntries(Object.entries(contrastivePresets).map(([name, preset]) => [name, sigmoid(name, preset)])),
  check: assembleSiglip,
  assemble: assembleSiglip,
  memory: (config, options) => contrastiveMemory(config, options),
};

function assembleSiglip(config: SiglipConfiguration): DualEncoderSystem<SiglipParams, Record<string, never>, VisionTextBatch> {
  const encoder = dualEncoder(config, { masks: false });
  requireRange('loss.bias', config.loss.bias, -100, 100);
  return {
    encoder,
    model: encoder.model,
    ...buildOptimizer(config.optimizer, config.train.steps),
    prepare: (tokenizer, batch) => visionTextBatch(config, tokenizer, batch),
    release: disposeBatch,
    program: {
      init: (rng) => ({ params: { ...encoder.init(rng), logitBias: scalar(config.loss.bias) }, carried: {} }),
      loss(params, _, batch) {
        const { cls } = encoder.encodeImages(params.image, batch.global); // [B, C, D]
        const texts = encoder.encodeTexts(params.text, batch.texts); // [C * B, D]
        const { logitScale, logitBias } = params;
        const loss = meanOverStreams(cls, texts, (u, v) => sigmoidContrastive(u, v, logitScale, logitBias));
        return { loss, metrics: { 'loss/contrastive': loss }, auxiliary: {} };
      },
      carry: () => ({}),
      constrain: ({ logitScale }) => ({ logitScale: encoder.guard(logitScale) }),
    },
  };
}

/** The paper starts at a temperature of 0.1. */
function sigmoid(name: string, { config, note }: Preset<DualEncoderConfiguration>): Preset<SiglipConfiguration> {
  const isSmall = name === 'tiny' || name === 'small';
  const bias = isSmall ? -Number(Math.log(config.train.batchSize - 1).toFixed(2)) : -10;
  return { note, config: { ...config, loss: { ...config.loss, temperature: 0.1, bias } } };
}
