import type { ImageConfiguration } from './configuration.ts';
import type { DinoConfiguration } from './dino.ts';
import type { IbotConfiguration } from './ibot.ts';
import { imagePresets } from './image-presets.ts';

/** Two global crops, local ones, few prototypes and a faster teacher than in the papers: for hundreds of steps and not for a hundred thousand. */
function multiCrop({ views, ...base }: ImageConfiguration) {
  return {
    ...base,
    views: {
      ...views,
      globalCrops: 2,
      globalScale: [0.4, 1] as const,
      localCrops: 2,
      localSize: 32,
      localScale: [0.05, 0.4] as const,
    },
    heads: { hidden: 256, bottleneck: 64, prototypes: 512, frozenSteps: 20 },
    loss: {
      studentTemperature: 0.1,
      teacherTemperature: { from: 0.04, to: 0.07, steps: 200 },
      centerMomentum: 0.9,
      koLeoWeight: 0,
    },
    teacher: { momentum: { from: 0.99, to: 1 } },
  };
}

/**
 * Batch 1024, 5e-4 per 256 pictures, 10 epochs of warm-up, prototypes frozen in the first, teacher temperature 0.04 to 0.07 in 30 epochs, local
 * crops of 96 pixels (DINO, section 3.2; iBOT's code). An epoch of ImageNet are 1251 steps.
 */
function atPaperSize(base: ImageConfiguration, { epochs, prototypes }: { epochs: number; prototypes: number }) {
  const { views, heads, loss, teacher, optimizer, train, ...rest } = multiCrop(base);
  return {
    ...rest,
    views: {
      ...views,
      localCrops: 10,
      localSize: base.views.localSize,
      globalScale: [0.25, 1] as const,
      localScale: [0.05, 0.25] as const,
    },
    heads: { hidden: 2048, bottleneck: 256, prototypes, frozenSteps: 1251 },
    loss: { ...loss, teacherTemperature: { from: 0.04, to: 0.07, steps: 30 * 1251 } },
    teacher: { momentum: { from: 0.996, to: 1 } },
    optimizer: { ...optimizer, learningRate: 2e-3, warmupSteps: 10 * 1251, beta2: 0.999 },
    train: { ...train, steps: epochs * 1251, batchSize: 1024 },
  };
}

/** DINO's presets, from a demonstration to the paper's sizes. */
export const dinoPresets = imagePresets<DinoConfiguration>({
  tiny: multiCrop,
  small: multiCrop,
  'S/16': (base) => atPaperSize(base, { epochs: 800, prototypes: 65536 }),
  'B/16': (base) => atPaperSize(base, { epochs: 400, prototypes: 65536 }),
});

const masked = <C extends { loss: object }>(config: C) => ({
  ...config,
  mask: { kind: 'block', probability: 0.5, ratio: [0.1, 0.5] } as const,
  loss: { ...config.loss, patchWeight: 1 },
});

/** iBOT's presets, from a demonstration to the paper's sizes. */
export const ibotPresets = imagePresets<IbotConfiguration>({
  tiny: (base) => masked(multiCrop(base)),
  small: (base) => masked(multiCrop(base)),
  'S/16': (base) => masked(atPaperSize(base, { epochs: 800, prototypes: 8192 })),
  'B/16': (base) => masked(atPaperSize(base, { epochs: 400, prototypes: 8192 })),
});
