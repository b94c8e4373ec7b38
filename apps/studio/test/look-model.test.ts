import { readFile } from 'node:fs/promises';
import { memory } from '@tensorflow/tfjs-core';
import { startBackend } from '@vitrail/backend';
import { bytesSource } from '@vitrail/checkpoints';
import { sceneSource } from '@vitrail/data';
import { openModel } from '@vitrail/pretrained';
import { beforeAll, expect, it } from 'vitest';
import { LookModel } from '../src/engine/look-model.ts';
import type { LookRequest } from '../src/engine/look-request.ts';

const file = new URL('../public/models/scenes.safetensors', import.meta.url);
const words = ['red square', 'yellow circle', 'white background'];

beforeAll(() => startBackend('wasm', { threads: 1 }));

async function openScenes() {
  return openModel([bytesSource(await readFile(file), 'scenes.safetensors')]);
}

async function sceneRequest(index: number, more: Partial<LookRequest> = {}): Promise<LookRequest> {
  const { image } = await sceneSource({ split: 'test', size: 64 }).read(index);
  return { pictureId: `scene-${index}`, picture: image, size: 64, readout: 'value', words, templates: ['{}'], ...more };
}

const unit = (values: Float32Array) => {
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
};
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const rowsOf = (values: Float32Array, count: number) => {
  const width = values.length / count;
  return Array.from({ length: count }, (_, i) => values.slice(i * width, (i + 1) * width));
};

it('gives the cosines of the model itself: patches as they were read, the whole picture never by a read-out', async () => {
  const model = await openScenes();
  const request = await sceneRequest(28);
  const pixels = model.prepare(request.picture, 'whole');
  const tensors = {
    read: model.encodeImages(pixels, 1, 'value'),
    plain: model.encodeImages(pixels, 1),
    texts: model.encodeTexts(words),
  };
  const patches = rowsOf(await tensors.read.patches.data<'float32'>(), 64).map(unit);
  const whole = unit(rowsOf(await tensors.plain.cls.data<'float32'>(), tensors.plain.cls.shape[1]).at(-1)!);
  const texts = rowsOf(await tensors.texts.data<'float32'>(), words.length).map(unit);
  for (const tensor of [tensors.read.cls, tensors.read.patches, tensors.plain.cls, tensors.plain.patches, tensors.texts])
    tensor.dispose();

  const looking = new LookModel(model);
  const look = await looking.look(request);
  expect([look.rows, look.columns]).toEqual([8, 8]);
  texts.forEach((text, word) => {
    expect(look.scores[word]).toBeCloseTo(dot(whole, text), 4);
    patches.forEach((patch, i) => {
      expect(look.cosines[word * 64 + i]).toBeCloseTo(dot(patch, text), 4);
    });
  });
  expect(look.labels).toHaveLength(64 * 64);
  expect(look.colors).toHaveLength(words.length);
  looking.dispose();
});

it('answers the same whatever it was asked before, and leaves nothing behind', async () => {
  const before = memory().numTensors;
  const requests = [
    await sceneRequest(28),
    await sceneRequest(28, { words: ['red square', 'green star'] }),
    await sceneRequest(28, { size: 96, readout: 'tokens' }),
    await sceneRequest(7),
    await sceneRequest(7, { words: [] }),
    await sceneRequest(7, { words: ['purple square'], templates: ['a {}'] }),
  ];
  const looking = new LookModel(await openScenes());
  for (const request of requests) {
    const fresh = new LookModel(await openScenes());
    const { milliseconds: _, ...expected } = await fresh.look(request);
    expect(await looking.look(request)).toMatchObject(expected);
    fresh.dispose();
  }
  looking.dispose();
  expect(memory().numTensors).toBe(before);
});
