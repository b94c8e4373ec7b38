import type { TensorTree } from '@vitrail/core';
import { createRng } from '@vitrail/core';
import type { Batch } from '@vitrail/data';
import type {
  DinoConfiguration,
  IbotConfiguration,
  ImageConfiguration,
  MaeConfiguration,
  SimMimConfiguration,
  System,
} from '../src/index.ts';
import { tinyConfig } from './tiny-system.ts';

const { data, image, views, optimizer, train, loss, heads } = tinyConfig;

/** 16-pixel pictures of 4 x 4 patches, two blocks of width 16, one CLS token, no captions. */
export const tinyImage: ImageConfiguration = {
  data,
  image: { ...image, clsTokens: 1 },
  views: { ...views, localCrops: 0 },
  optimizer,
  train,
};

export const tinyMae: MaeConfiguration = {
  ...tinyImage,
  mask: { ratio: 0.75 },
  decoder: { width: 8, depth: 1, heads: 2, mlpHidden: 16 },
};

export const tinySimMim: SimMimConfiguration = { ...tinyImage, mask: { ratio: 0.5, squareSize: 8 } };

const { studentTemperature, teacherTemperature, centerMomentum } = loss;

export const tinyDino: DinoConfiguration = {
  ...tinyImage,
  views: { ...views, globalCrops: 2, localCrops: 2 },
  heads,
  loss: { studentTemperature, teacherTemperature, centerMomentum, koLeoWeight: 0 },
  teacher: { momentum: { from: 0.9, to: 1 } },
};

export const tinyIbot: IbotConfiguration = {
  ...tinyDino,
  mask: { kind: 'block', probability: 0.5, ratio: [0.25, 0.5] },
  loss: { ...tinyDino.loss, patchWeight: 2 },
};

/** A system as those that run recipes by name see it. */
export type AnyImageSystem = System<TensorTree, TensorTree, unknown>;

/** What a loader gives at a step of a recipe of pictures alone: crops of noise, and no captions. */
export function pictures(
  { views: { globalSize, globalCrops = 1, localSize, localCrops }, train: { batchSize } }: ImageConfiguration,
  step = 0,
): Batch {
  const pixels = (crops: number, size: number, name: string) => {
    const rng = createRng(0).fork(name, step);
    return Float32Array.from({ length: batchSize * crops * size ** 2 * 3 }, () => rng.uniform());
  };
  const samples = Array.from({ length: batchSize }, (_, row) => {
    return { epoch: 0, index: step * batchSize + row, key: `picture ${row}`, captions: {} };
  });
  return { step, samples, global: pixels(globalCrops, globalSize, 'global'), locals: pixels(localCrops, localSize, 'local') };
}
