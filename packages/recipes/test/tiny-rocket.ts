import type { Batch } from '@vitrail/data';
import type { RocketConfiguration } from '../src/index.ts';
import { hostBatch, tinyContrastive } from './tiny-system.ts';

/** CLIP-Rocket on 16-pixel pictures, three to a batch: towers of width 16, projectors `16 -> 10 -> 10 -> 6`. Nothing of a caption is changed. */
export function tinyRocket({
  rocket,
  loss,
  train,
}: { [S in 'rocket' | 'loss' | 'train']?: Partial<RocketConfiguration[S]> } = {}): RocketConfiguration {
  const base = tinyContrastive();
  return {
    ...base,
    image: { ...base.image, clsTokens: 1 },
    captions: { streams: [['alt', 'short', 'long']] },
    loss: {
      temperature: 0.07,
      minimumTemperature: 0.01,
      strongTemperature: 0.1,
      labelSmoothing: 0.1,
      reduction: 'avg',
      ...loss,
    },
    rocket: {
      views: 2,
      images: 'strong',
      stopWordRemoval: 0,
      textAugmentation: false,
      synonyms: [],
      textDropout: 0,
      separate: true,
      projector: 'mlp',
      hidden: 10,
      outputs: 6,
      weakShare: 0.5,
      ...rocket,
    },
    train: { ...base.train, ...train },
  };
}

/** What the loader gives at a step: noise, with as many further views. */
export function rocketHostBatch(config: RocketConfiguration, step = 0): Batch {
  return hostBatch(config, step, { augmented: config.rocket.views });
}
