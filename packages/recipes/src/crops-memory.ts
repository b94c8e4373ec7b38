import type { RunConfiguration } from './configuration.ts';
import type { SizedTensor } from './step-memory.ts';
import type { PicturesRun } from './tower-pass.ts';

/** The crops of a batch. */
export function cropTensors({ train, views }: RunConfiguration): SizedTensor[] {
  const { globalSize, globalCrops = 1, localSize, localCrops } = views;
  const numbers = (crops: number, size: number) => train.batchSize * crops * 3 * size ** 2;
  return [
    batchTensor('the crops', numbers(globalCrops, globalSize)),
    batchTensor('the local crops', numbers(localCrops, localSize)),
  ];
}

/** A tensor that `prepare` makes of a batch. */
export function batchTensor(name: string, numbers: number): SizedTensor {
  return { name, numbers, setting: 'train.batchSize', isFloat32: true };
}

/** The global crops of a batch, on their way through a tower. */
export function globalCrops({ train, views }: RunConfiguration, run: Partial<PicturesRun> = {}): PicturesRun {
  const { globalCrops: crops = 1, globalSize: size } = views;
  return { name: 'the crops', pictures: train.batchSize * crops, size, remat: train.remat, ...run };
}

/** The local crops of a batch, on their way through a tower. */
export function localCrops({ train, views }: RunConfiguration): PicturesRun {
  const { localCrops: crops, localSize: size } = views;
  return { name: 'the local crops', pictures: train.batchSize * crops, size, remat: train.remat };
}
