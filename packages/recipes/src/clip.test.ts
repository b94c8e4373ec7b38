import { memory, type Scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { createRng, flattenTree } from '@vitrail/core';
import { onBackend } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { disposeState, hostBatch, lossAndGradients, tiny, tinyContrastive, tokenizer, train } from '../test/tiny-system.ts';
import { assembleTips, clip, contrastiveLoss } from './index.ts';

it('is the contrastive loss of TIPSv2, from the same start, and nothing else', () => {
  tidy(() => {
    const config = tinyContrastive();
    const { program, encoder, prepare } = clip.assemble(config);
    const start = program.init(createRng(7));
    expect(start.carried).toEqual({});
    expect(encoder.vit.maskToken).toBe(false);
    const batch = prepare(tokenizer, hostBatch(config));
    const { terms, gradients } = lossAndGradients(program, start, batch);
    expect(Object.keys(terms)).toEqual(['loss', 'loss/contrastive']);
    for (const gradient of Object.values(gradients)) expect(gradient).not.toBe('none');

    const tips = assembleTips(tiny({ loss: { patch: 'none', dinoWeight: 0 } }));
    const tipsStart = tips.program.init(createRng(7));
    const tipsBatch = tips.prepare(tokenizer, hostBatch(tiny()));
    expect(lossAndGradients(tips.program, tipsStart, tipsBatch).terms.loss).toBe(terms.loss);

    const { image, text, logitScale } = tipsStart.params;
    const { cls } = tips.encoder.encodeImages(image, tipsBatch.global);
    const texts = tips.encoder.encodeTexts(text, tipsBatch.texts);
    expect(contrastiveLoss(cls, texts, logitScale as Scalar).dataSync()[0]).toBe(terms.loss);
  });
});

it('trains, keeps its temperature in range, and holds as many tensors after every step', () => {
  const config = { ...tinyContrastive(), optimizer: { ...tinyContrastive().optimizer, learningRate: 100, warmupSteps: 0 } };
  const alive: number[] = [];
  const state = train(clip.assemble(config), config, 3, ({ params }, metrics) => {
    alive.push(memory().numTensors);
    expect(Number.isFinite(metrics.loss)).toBe(true);
    const temperature = Math.exp(-params.logitScale.dataSync()[0]);
    expect(temperature).toBeGreaterThan(0.00499);
    expect(temperature).toBeLessThanOrEqual(1);
  });
  expect(new Set(alive).size).toBe(1);
  expect(Object.keys(flattenTree<Tensor>(state.carried))).toEqual([]);
  disposeState(state);
});

it('has presets of the sizes of TIPSv2, without settings of self-distillation', () => {
  for (const { config } of Object.values(clip.presets)) {
    expect(Object.keys(config).sort()).toEqual(['captions', 'data', 'image', 'loss', 'optimizer', 'text', 'train', 'views']);
    expect(Object.keys(config.loss).sort()).toEqual(['minimumTemperature', 'temperature']);
    expect(config.views.localCrops).toBe(0);
  }
});

onBackend(['wasm'], () => {
  it.each([1, 2, 3, 4])('learns whose caption is whose in a batch that it sees again and again, seed %s', (seed) => {
    const config = {
      ...tinyContrastive(),
      captions: { streams: [['alt'], ['short']] },
      optimizer: { ...tinyContrastive().optimizer, learningRate: 3e-3 },
      train: { ...tinyContrastive().train, seed },
    };
    const batch = hostBatch(config);
    const size = batch.global.length / config.train.batchSize;
    // Picture i is all red, all green or all blue.
    const flat = batch.global.map((_, at) => (at % 3 === Math.floor(at / size) ? 0.9 : 0.1));
    const same = { ...batch, global: flat };
    const losses: number[] = [];
    const keepLoss = (_: unknown, { loss }: Record<string, number>) => losses.push(loss);
    disposeState(train(clip.assemble(config), config, 30, keepLoss, () => same));
    // Who cannot tell the three pictures or the captions apart does not get below log 3. How fast it falls depends on the seed.
    expect(losses[29]).toBeLessThan(0.9 * Math.log(3));
  });
});
