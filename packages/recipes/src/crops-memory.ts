import type { PrototypeHeadConfig } from '@vitrail/heads';
import type { VitConfig } from '@vitrail/vit';
import type { RunConfiguration } from './configuration.ts';
import { prototypePass } from './head-pass.ts';
import type { Pass, SizedTensor } from './step-memory.ts';
import { type PicturesRun, towerPass } from './tower-pass.ts';

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

/** The local crops of a batch through the tower, and the first CLS token of each through a head; nothing where there are none. */
export function localCropPasses({ train, views }: RunConfiguration, vit: VitConfig, head: PrototypeHeadConfig): Pass[] {
  const { localCrops, localSize: size } = views;
  const pictures = train.batchSize * localCrops;
  if (pictures === 0) return [];
  return [
    towerPass(vit, { name: 'the local crops', pictures, size, remat: train.remat }),
    prototypePass(head, { name: 'local crops', rows: pictures }),
  ];
}
