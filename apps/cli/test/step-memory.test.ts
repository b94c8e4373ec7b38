import { startBackend } from '@vitrail/backend';
import { createRng } from '@vitrail/core';
import type { Batch } from '@vitrail/data';
import {
  clip,
  type DualEncoderConfiguration,
  estimateStepMemory,
  findRecipe,
  type TipsConfiguration,
  tipsv2,
} from '@vitrail/recipes';
import { peakBytes } from '@vitrail/testing';
import { wordTokenizer } from '@vitrail/text';
import { createTrainStep, disposeState, initTrainState } from '@vitrail/train';
import { beforeAll, expect, it } from 'vitest';

beforeAll(async () => {
  await startBackend('wasm', { threads: 1 });
});

/** Noise with captions of the greatest length. */
function hostBatch({ views, train, text }: DualEncoderConfiguration): Batch {
  const caption = Array(text.maxTokens).fill('ball').join(' ');
  const pixels = (crops: number, size: number) => new Float32Array(crops * size ** 2 * 3).fill(0.3);
  const samples = Array.from({ length: train.batchSize }, (_, index) => ({
    epoch: 0,
    index,
    key: `picture ${index}`,
    captions: { alt: caption, short: caption, long: caption },
  }));
  const [global, locals] = [
    pixels(train.batchSize, views.globalSize),
    pixels(train.batchSize * views.localCrops, views.localSize),
  ];
  return { step: 0, samples, global, locals };
}

function measuredPeak(name: string, config: DualEncoderConfiguration): number {
  const system = findRecipe(name).recipe.assemble(config);
  const step = createTrainStep({ ...system, maximumNorm: config.optimizer.maximumNorm });
  const tokenizer = wordTokenizer({ words: ['ball'], maxTokens: config.text.maxTokens });
  return peakBytes(() => {
    let state = initTrainState(system.program.init(createRng(0)), system.optimizer);
    for (let i = 0; i < 2; i++) {
      const batches = Array.from({ length: config.train.accumulate }, () => system.prepare(tokenizer, hostBatch(config)));
      ({ state } = step(state, batches));
      batches.forEach(system.release);
    }
    disposeState(state);
  });
}

const { config: preset } = tipsv2.presets.tiny;
const small: TipsConfiguration = { ...preset, train: { ...preset.train, batchSize: 4 } };
const configurations: Readonly<Record<string, [name: string, config: DualEncoderConfiguration | TipsConfiguration]>> = {
  'tipsv2:tiny in a batch of 16': ['tipsv2', { ...preset, train: { ...preset.train, batchSize: 16 } }],
  'deeper, SwiGLU, with more local crops': [
    'tipsv2',
    { ...small, image: { ...small.image, depth: 4, mlp: 'swiglu' }, views: { ...small.views, localCrops: 4 } },
  ],
  'wider, with large heads and an averaged encoder': [
    'tips',
    {
      ...small,
      image: { ...small.image, width: 192, mlpHidden: 768, heads: 6 },
      heads: { ...small.heads, hidden: 512, prototypes: 4096 },
      teacher: { ...small.teacher, policy: 'full' },
    },
  ],
  'a deep image tower that runs its blocks again': [
    'tipsv2',
    { ...small, image: { ...small.image, depth: 8 }, train: { ...small.train, batchSize: 8, remat: true } },
  ],
  'clip, two micro-batches': ['clip', { ...clip.presets.tiny.config, train: { ...small.train, batchSize: 16, accumulate: 2 } }],
};

it.each(Object.entries(configurations))('estimates the memory of %s', (_, [name, config]) => {
  const ratio = estimateStepMemory(config).peak / measuredPeak(name, config);
  expect(ratio).toBeGreaterThan(0.85);
  expect(ratio).toBeLessThan(1.15);
});

it('names the largest tensor and the setting that makes it large', () => {
  const largest = (over: Partial<TipsConfiguration>) => estimateStepMemory({ ...preset, ...over }).largest;
  // 32 pictures, 2 captions each, 48 words, hidden layer of 384.
  expect(largest({})).toEqual({
    name: 'the hidden layer of the captions',
    bytes: 4 * 32 * 2 * 48 * 384,
    setting: 'train.batchSize',
  });
  expect(largest({ heads: { ...preset.heads, prototypes: 2 ** 20 } })).toEqual({
    name: 'the prototypes',
    bytes: 4 * 2 ** 20 * 64,
    setting: 'heads.prototypes',
  });
  // 2,048 patches in chunks of 4 million scores, and prototypes of 4 numbers.
  expect(largest({ heads: { ...preset.heads, prototypes: 2 ** 15, bottleneck: 4 } })).toEqual({
    name: 'the scores of 128 patches',
    bytes: 4 * 2 ** 22,
    setting: 'heads.prototypes',
  });
  expect(largest({ text: { ...preset.text, vocabularySize: 10 ** 6 } }).setting).toBe('text.vocabularySize');
});

it('counts two bytes for activations in f16, and four for all else', () => {
  const [single, half] = [estimateStepMemory(preset), estimateStepMemory(preset, { precision: 'f16' })];
  expect(half.activations).toBeLessThan(0.7 * single.activations);
  expect(half.largest.bytes).toBe(single.largest.bytes / 2);
  expect({ ...half, activations: 0, peak: 0, largest: 0 }).toEqual({ ...single, activations: 0, peak: 0, largest: 0 });
});
