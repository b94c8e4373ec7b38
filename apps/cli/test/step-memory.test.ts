import { startBackend } from '@vitrail/backend';
import { bytesSource, treeToSafetensors } from '@vitrail/checkpoints';
import { countParameters, createRng, disposeTree, type Tree } from '@vitrail/core';
import type { Batch } from '@vitrail/data';
import { type OpenedModel, openModel, vitrailMetadata } from '@vitrail/pretrained';
import { findRecipe, type RunConfiguration, recipes, type TipsConfiguration, tipsv2 } from '@vitrail/recipes';
import { peakBytes } from '@vitrail/testing';
import { type Tokenizer, wordTokenizer } from '@vitrail/text';
import { createTrainStep, disposeState, initTrainState, overrideConfiguration } from '@vitrail/train';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const { config: preset } = tipsv2.presets.tiny;
const words = (maxTokens: number): Tokenizer => wordTokenizer({ words: ['ball'], maxTokens });

let teacher: OpenedModel;

beforeAll(async () => {
  await startBackend('wasm', { threads: 1 });
  const { model, program } = tipsv2.assemble(preset);
  const { params, carried } = program.init(createRng(3));
  const file = await treeToSafetensors(params, vitrailMetadata(model.describe(words(preset.text.maxTokens))));
  disposeTree(params, carried);
  teacher = await openModel([bytesSource(file, 'model.safetensors')], { withHeads: true });
});

afterAll(() => teacher.dispose());

/** Pictures of one colour with captions of the greatest length. */
function hostBatch({ views, train }: RunConfiguration, { maxTokens }: Tokenizer, augmented: number): Batch {
  const { globalSize, globalCrops = 1, localSize, localCrops } = views;
  const caption = Array(maxTokens).fill('ball').join(' ');
  const pixels = (crops: number, size: number) => new Float32Array(train.batchSize * crops * size ** 2 * 3).fill(0.3);
  const samples = Array.from({ length: train.batchSize }, (_, index) => ({
    epoch: 0,
    index,
    key: `picture ${index}`,
    captions: { alt: caption, short: caption, long: caption },
  }));
  return {
    step: 0,
    samples,
    global: pixels(globalCrops, globalSize),
    locals: pixels(localCrops, localSize),
    augmented: Array.from({ length: augmented }, () => pixels(1, globalSize)),
  };
}

/** The estimate of a recipe's steps over the most bytes in tensors during two of them, with the model that it needs. */
function ratio(name: string, settings: Tree<unknown>): number {
  const { recipe, preset } = findRecipe(name);
  // Of two steps, so that the last ones of FLIP, which see every patch, are among them.
  const small = overrideConfiguration(preset.config, { train: { batchSize: 4, steps: 2 } }, 'the test');
  const config = overrideConfiguration(small, settings, 'the test');
  const needed = recipe.needs === undefined ? undefined : teacher;
  const system = recipe.assemble(config, needed);
  const step = createTrainStep({ ...system, maximumNorm: config.optimizer.maximumNorm });
  const tokenizer = words(config.text?.maxTokens ?? preset.config.text?.maxTokens ?? 48);
  const batch = hostBatch(config, tokenizer, system.views?.augmented?.length ?? 0);
  const made = peakBytes(() => {
    let state = initTrainState(system.program.init(createRng(0)), system.optimizer);
    for (let i = 0; i < 2; i++) {
      const batches = Array.from({ length: config.train.accumulate }, () => system.prepare(tokenizer, batch));
      ({ state } = step(state, batches));
      batches.forEach(system.release);
    }
    disposeState(state);
  });
  system.dispose?.();
  const held = needed ? 4 * countParameters(needed.params) : 0;
  return recipe.memory(config, { model: needed }).peak / (made + held);
}

describe('every recipe', () => {
  it.each(recipes.map(({ name }) => name))('%s estimates the memory of its steps', (name) => {
    const found = ratio(name, {});
    expect(found).toBeGreaterThan(0.96);
    expect(found).toBeLessThan(1.04);
  });
});

/** Where a pass more, a copy less, or a tower of another kind could be forgotten. */
const furtherSettings: readonly (readonly [what: string, recipe: string, settings: Tree<unknown>])[] = [
  ['deeper, SwiGLU, with more local crops', 'tipsv2', { image: { depth: 4, mlp: 'swiglu' }, views: { localCrops: 4 } }],
  [
    'wider, with large heads and an averaged encoder',
    'tips',
    { image: { width: 192, mlpHidden: 768, heads: 6 }, heads: { hidden: 512, prototypes: 4096 } },
  ],
  ['a deep image tower that runs its blocks again', 'tipsv2', { image: { depth: 8 }, train: { batchSize: 8, remat: true } }],
  ['two micro-batches', 'clip', { train: { batchSize: 16, accumulate: 2 } }],
  ['half of the patches alone', 'flip', { mask: { wholeSteps: 0 } }],
  ['mask tokens', 'uta', { objective: 'uta+mim', train: { batchSize: 8 } }],
  ['a deep student that runs its blocks again', 'uta', { image: { depth: 8 }, train: { batchSize: 16, remat: true } }],
  ['a mask, features and affinities', 'distill', { mask: { ratio: 0.75 }, loss: { featureWeight: 1, affinityWeight: 1 } }],
  ['features alone', 'distill', { loss: { featureWeight: 1, patchWeight: 0, dinoWeight: 0 } }],
  ['no strong views', 'clip-rocket', { rocket: { views: 0 } }],
  ['shared projectors', 'clip-rocket', { rocket: { separate: false, textDropout: 0 } }],
  ['wide projectors', 'siamlip', { siam: { hidden: 1024 }, train: { batchSize: 8 } }],
  ['wide projectors', 'barlip', { bar: { outputs: 512 } }],
  ['a deep decoder', 'mae', { decoder: { depth: 4 }, train: { batchSize: 8 } }],
  ['one global crop and KoLeo', 'dino', { views: { globalCrops: 1 }, loss: { koLeoWeight: 0.1 }, heads: { hidden: 512 } }],
  ['no local crops, many prototypes', 'ibot', { views: { localCrops: 0 }, heads: { prototypes: 4096 } }],
];

it.each(furtherSettings)('estimates the memory of %s (%s)', (_, name, settings) => {
  const found = ratio(name, settings);
  expect(found).toBeGreaterThan(0.85);
  expect(found).toBeLessThan(1.15);
});

it('names the largest tensor and the setting that makes it large', () => {
  const largest = (over: Partial<TipsConfiguration>) => tipsv2.memory({ ...preset, ...over }).largest;
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
  const [single, half] = [tipsv2.memory(preset), tipsv2.memory(preset, { precision: 'f16' })];
  expect(half.activations).toBeLessThan(0.7 * single.activations);
  expect(half.largest.bytes).toBe(single.largest.bytes / 2);
  expect({ ...half, activations: 0, peak: 0, largest: 0 }).toEqual({ ...single, activations: 0, peak: 0, largest: 0 });
});

it('refuses to estimate beside a model that does not come', () => {
  for (const name of ['uta', 'distill', 'uta-contrastive']) {
    const { recipe, preset } = findRecipe(name);
    expect(() => recipe.memory(preset.config)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  }
});
