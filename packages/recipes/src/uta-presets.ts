import { evaVitPresets } from '@vitrail/vit';
import type { Preset } from './recipe.ts';
import { tipsv2Presets } from './tipsv2-presets.ts';
import type { UtaConfiguration } from './uta-configuration.ts';
import type { UtaContrastiveConfiguration } from './uta-contrastive.ts';

const { config: tips } = tipsv2Presets.tiny;

/** Scenes as large as the crops of the paper. */
const dataOfPaperSizes: UtaConfiguration['data'] = {
  train: 'scenes?count=100000&size=224',
  evaluate: 'scenes?split=test&count=512&size=224',
};

/** 64-pixel crops, 8 x 8 patches, for a teacher such as `tipsv2:tiny`. */
const tiny: UtaConfiguration = {
  data: tips.data,
  image: { patchSize: 8, width: 96, depth: 2, heads: 3, mlpHidden: 256, initialization: 'eva02' },
  views: { ...tips.views, localCrops: 0, globalScale: [0.5, 1] },
  teacher: { model: '', grid: 'equal', cache: false },
  mask: { kind: 'reversed-block', ratio: 0.5, minimumArea: 4 },
  objective: 'uta',
  optimizer: { ...tips.optimizer, learningRate: 2e-3, beta2: 0.98, epsilon: 1e-6, weightDecay: 0.05 },
  train: { ...tips.train, steps: 600 },
};

const small: UtaConfiguration = {
  ...tiny,
  image: { ...tiny.image, width: 128, depth: 4, heads: 4, mlpHidden: 340 },
  train: { ...tiny.train, steps: 1700, batchSize: 64, checkpointEvery: 250, evaluateEvery: 250, evaluateSamples: 128 },
};

/** Section 3 of the paper: 224 pixels, batch 4096, 150 epochs of ImageNet-21K with one epoch of warm-up to 1.5e-3, decay 0.05. */
function paperSize(name: 'B/14' | 'L/14' | 'g/14', ratio: number): Preset<UtaConfiguration> {
  const { patchSize, width, depth, heads, mlp } = evaVitPresets[name];
  const stepsPerEpoch = Math.round(14_197_122 / 4096);
  return {
    note: `the paper's ViT-${name[0]} at 224 px, batch 4096; for many GPUs`,
    config: {
      ...tiny,
      data: dataOfPaperSizes,
      image: { patchSize, width, depth, heads, mlpHidden: mlp.hidden, initialization: 'uta' },
      views: { ...tiny.views, globalSize: 224, globalScale: [0.2, 1] },
      mask: { kind: 'reversed-block', ratio, minimumArea: 16 },
      optimizer: { ...tiny.optimizer, learningRate: 1.5e-3, warmupSteps: stepsPerEpoch, beta2: 0.98, maximumNorm: 3 },
      train: {
        ...tiny.train,
        steps: 150 * stepsPerEpoch,
        batchSize: 4096,
        checkpointEvery: 1000,
        evaluateEvery: 5000,
        evaluateSamples: 512,
      },
    },
  };
}

/** Presets of UTA, from a demonstration to the paper's sizes. */
export const utaPresets: Readonly<Record<string, Preset<UtaConfiguration>>> = {
  tiny: { config: tiny, note: '64 px, 8 x 8 patches, width 96; 2 minutes on two CPU cores, and a teacher' },
  small: { config: small, note: '64 px, 8 x 8 patches, width 128; 20 minutes on two CPU cores, and a teacher' },
  'B/14': paperSize('B/14', 0.4),
  'L/14': paperSize('L/14', 0.5),
  'g/14': paperSize('g/14', 0.5),
};

const tinyPairs: UtaContrastiveConfiguration = {
  data: tips.data,
  start: { model: '' },
  captions: { streams: [['alt', 'short']] },
  views: { ...tips.views, localCrops: 0, globalScale: [0.9, 1], flip: 0 },
  loss: { temperature: 0.01 },
  layers: { imageDecay: 0.75, textDecay: 0.75, textRate: 0.1 },
  optimizer: {
    ...tips.optimizer,
    name: 'lamb',
    learningRate: 2e-3,
    warmupSteps: 20,
    beta2: 0.98,
    epsilon: 1e-6,
    weightDecay: 0.05,
  },
  train: { ...tips.train, steps: 200 },
};

/**
 * Appendix A.1 of the paper at 224 pixels: batch 49,152; rate 2e-4 and decay 0.75 for B, 4e-4 and 0.85 for L; 2, 4 and 2 billion samples. Rate and
 * decay of g are not stated: those of L.
 */
function pairsOfPaper(
  name: 'B' | 'L' | 'g',
  learningRate: number,
  imageDecay: number,
  samples: number,
): Preset<UtaContrastiveConfiguration> {
  const batchSize = 49_152;
  return {
    note: `the paper's tuning of ViT-${name} at 224 px, batch 49,152; for many GPUs`,
    config: {
      ...tinyPairs,
      data: dataOfPaperSizes,
      views: { ...tinyPairs.views, globalSize: 224 },
      layers: { ...tinyPairs.layers, imageDecay },
      optimizer: { ...tinyPairs.optimizer, learningRate, warmupSteps: 2000, maximumNorm: 5 },
      train: {
        ...tinyPairs.train,
        steps: Math.round(samples / batchSize),
        batchSize,
        checkpointEvery: 1000,
        evaluateEvery: 5000,
        evaluateSamples: 512,
      },
    },
  };
}

/** Presets of UTA's second stage. */
export const utaContrastivePresets: Readonly<Record<string, Preset<UtaContrastiveConfiguration>>> = {
  tiny: { config: tinyPairs, note: '64 px; 200 steps on a run of uta:tiny, 1 minute on two CPU cores' },
  'B/14': pairsOfPaper('B', 2e-4, 0.75, 2e9),
  'L/14': pairsOfPaper('L', 4e-4, 0.85, 4e9),
  'g/14': pairsOfPaper('g', 4e-4, 0.85, 2e9),
};
