import { memory, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { tipsv2Streams } from '@vitrail/captions';
import { createRng } from '@vitrail/core';
import { expectClose } from '@vitrail/testing';
import { applyText, encodeBatch } from '@vitrail/text';
import { expect, it } from 'vitest';
import { hostBatch, tiny, tokenizer } from '../test/tiny-system.ts';
import { clip, disposeBatch, dualEncoder, textBatch, type VisionTextBatch, visionTextBatch } from './index.ts';

const tokens = (batch: VisionTextBatch) => {
  const [ids, padding] = [batch.texts.ids.arraySync(), batch.texts.padding.arraySync()];
  return ids.map((row, i) => row.filter((_, j) => padding[i][j] === 0));
};

it('moves crops as they are, and captions stream by stream', () => {
  const config = tiny();
  const host = hostBatch(config);
  const batch = visionTextBatch(config, tokenizer, host);
  expect(batch.global.shape).toEqual([3, 16, 16, 3]);
  expect(batch.global.dataSync()).toEqual(host.global);
  expect(batch.locals?.shape).toEqual([6, 8, 8, 3]);
  expect(batch.locals?.dataSync()).toEqual(host.locals);
  const alt = host.samples.map(({ captions }) => tokenizer.encode(String(captions.alt)));
  expect(tokens(batch).slice(0, 3)).toEqual(alt);
  disposeBatch(batch);
  expect(memory().numTensors).toBe(0);
});

it('draws captions by (seed, epoch, index), each kind half of the time', () => {
  const config = tiny({ captions: { streams: tipsv2Streams }, views: { localCrops: 0 }, loss: { dinoWeight: 0 } });
  const host = hostBatch(config);
  const drawn = (seed: number, epoch: number, index: number) => {
    const samples = [{ ...host.samples[0], epoch, index }];
    const single = { ...host, samples, global: host.global.slice(0, 16 * 16 * 3) };
    const batch = visionTextBatch({ ...config, train: { ...config.train, seed } }, tokenizer, single);
    const [, second] = tokens(batch);
    disposeBatch(batch);
    return second.length === 3 ? 'short' : 'long';
  };
  const draws = Array.from({ length: 200 }, (_, index) => drawn(7, 0, index));
  const short = draws.filter((kind) => kind === 'short').length;
  expect(short).toBeGreaterThan(70); // 100 expected; 4 deviations are 28
  expect(short).toBeLessThan(130);
  const first = Array.from({ length: 20 }, (_, index) => drawn(7, 0, index));
  expect(first).toEqual(draws.slice(0, 20));
  expect(Array.from({ length: 20 }, (_, index) => drawn(7, 1, index))).not.toEqual(first);
  expect(Array.from({ length: 20 }, (_, index) => drawn(8, 0, index))).not.toEqual(first);
});

it('leaves local crops out where there are none', () => {
  const config = clip.presets.tiny.config;
  const host = hostBatch({ ...config, train: { ...config.train, batchSize: 2 } });
  const batch = visionTextBatch(config, tokenizer, host);
  expect('locals' in batch).toBe(false);
  disposeBatch(batch);
});

it('refuses a picture without captions, and leaves nothing behind', () => {
  const config = tiny();
  const host = hostBatch(config);
  const samples = host.samples.map((sample) => ({ ...sample, captions: {} }));
  expect(() => visionTextBatch(config, tokenizer, { ...host, samples })).toThrow('at least one text that is not blank');
});

it('cuts texts to the longest, which changes nothing that a tower makes of them', () => {
  const { text, init } = dualEncoder(tiny(), { masks: false });
  const texts = ['a red ball', 'blue', 'a cube on grass'];
  tidy(() => {
    const cut = textBatch(tokenizer, texts);
    expect(cut.ids.shape).toEqual([3, 4]);
    expect(cut.ids.dtype).toBe('int32');
    expect(cut.padding.arraySync()).toEqual([
      [0, 0, 0, 1],
      [0, 1, 1, 1],
      [0, 0, 0, 0],
    ]);
    const { ids, padding, shape } = encodeBatch(tokenizer, texts);
    expect(shape).toEqual([3, 6]);
    const { text: params } = init(createRng(0));
    const whole = { ids: tensor2d(ids, shape, 'int32'), padding: tensor2d(Float32Array.from(padding), shape) };
    expectClose(applyText(text, params, cut).pooled, applyText(text, params, whole).pooled, 1e-5);
  });
});

it('gives a text without tokens a column of padding, and the zero vector', () => {
  const { encodeTexts, init } = dualEncoder(tiny(), { masks: false });
  tidy(() => {
    const batch = textBatch(tokenizer, ['', ' ']);
    expect(batch.padding.arraySync()).toEqual([[1], [1]]);
    expect(
      encodeTexts(init(createRng(0)).text, batch)
        .dataSync()
        .every((value) => value === 0),
    ).toBe(true);
  });
});
