import { VitrailError } from '@vitrail/core';
import type { Batch, LoadOptions } from '../src/batch.ts';
import type { ViewSpec } from '../src/images/views.ts';
import { loadBatches } from '../src/load-batches.ts';
import type { SampleSource } from '../src/sample.ts';

/** Small crops: 48 values of the global one, 12 of each local one. */
export const VIEWS: ViewSpec = {
  globalSize: 4,
  localSize: 2,
  localCrops: 2,
  globalScale: [0.3, 1],
  localScale: [0.1, 0.3],
  aspect: [3 / 4, 4 / 3],
  flip: 0.5,
};

/** Crops of one pixel, where only the order of the samples counts. */
export const TINY: ViewSpec = { ...VIEWS, globalSize: 1, localCrops: 0 };

export const OPTIONS: LoadOptions = { batchSize: 4, views: VIEWS, seed: 7 };

/** The first `count` batches. */
export async function take(source: SampleSource, count: number, options: Partial<LoadOptions> = {}): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of loadBatches(source, { ...OPTIONS, ...options })) {
    batches.push(batch);
    if (batches.length === count) break;
  }
  return batches;
}

/** The numbers of the samples of all batches. */
export function indices(batches: readonly Batch[]): number[] {
  return batches.flatMap(({ samples }) => samples.map(({ index }) => index));
}

/** Lets everything happen that is due. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

/** For a fake source: these samples are damaged. */
export function torn(...bad: readonly number[]): { before(index: number): void } {
  return {
    before(index) {
      if (bad.includes(index)) throw new VitrailError('corrupt-data', `sample ${index} is torn`);
    },
  };
}
