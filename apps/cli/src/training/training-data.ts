import { join } from 'node:path';
import { VitrailError } from '@vitrail/core';
import type { IndexStore, SampleSource } from '@vitrail/data';
import type { RunConfiguration } from '@vitrail/recipes';
import { openAnnouncedSource } from '../data-source.ts';
import { hasCaptions } from '../evaluation/descriptive-caption.ts';
import { fewestPictures } from '../evaluation/tasks.ts';
import { type HeldOut, holdOut } from './hold-out.ts';
import { indexFile } from './index-file.ts';

/** Where a run learns and where it is measured; the two share no sample. */
export type TrainingData = HeldOut & {
  /** Writes what opening found out about shards to the run directory, once there is one. */
  keepIndices(): Promise<void>;
  close(): Promise<void>;
};

/** Fewest samples that are held out, of twice as many. */
const fewestHeldOut = 32;

/**
 * Opens the sources that a configuration names. Without `data.evaluate` the last twentieth of the training data (at least 32 samples where
 * there are 64, at most what the final evaluation takes) is held out and never trained on; of mosaics it is the tiles.
 *
 * Shards that an earlier process of the run has walked are not walked again: their indices are `train.index` and `evaluation.index` in the run
 * directory.
 *
 * @param directory of the run, which need not be there yet.
 * @throws `missing-data` when too few samples are left to train on or to measure on, or no captions where
 * the recipe reads them.
 */
export async function openTrainingData(config: RunConfiguration, directory: string): Promise<TrainingData> {
  const index = { train: indexFile(join(directory, 'train.index')), evaluation: indexFile(join(directory, 'evaluation.index')) };
  const source = await openAnnouncedSource(config.data.train, { index: index.train });
  try {
    const keepIndices = async () => {
      await index.train.write();
      await index.evaluation.write();
    };
    return { ...(await divide(source, config, index.evaluation)), keepIndices };
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function divide(
  source: SampleSource,
  config: RunConfiguration,
  index: IndexStore,
): Promise<Omit<TrainingData, 'keepIndices'>> {
  const { data, train } = config;
  if (data.evaluate !== '') {
    await requireTrainable(source, config);
    const evaluation = await openAnnouncedSource(data.evaluate, { index });
    return {
      train: source,
      evaluation,
      close: async () => {
        await Promise.all([source.close(), evaluation.close()]);
      },
    };
  }
  const parts = holdOut(data.train, source, (size) => {
    const wanted = Math.max(fewestHeldOut, Math.min(Math.floor(size / 20), 4 * train.evaluateSamples));
    const heldOut = Math.min(wanted, Math.floor(size / 2));
    if (heldOut >= fewestPictures) return heldOut;
    throw new VitrailError('missing-data', `too few samples to train on some and be measured on others: ${source.description}`);
  });
  await requireTrainable(parts.train, config);
  return { ...parts, close: () => source.close() };
}

async function requireTrainable(source: SampleSource, { captions, train }: RunConfiguration): Promise<void> {
  const { size, description, classNames } = source;
  const { batchSize } = train;
  if (size < batchSize) {
    throw new VitrailError(
      'missing-data',
      `a batch of ${batchSize} needs as many samples, but there are only ${size} to train on (${description}); ` +
        'lower --batch-size, or name data to be measured on (--set data.evaluate=SPEC), so that none is held out',
    );
  }
  if (captions === undefined || (await hasCaptions(source))) return;
  const hint = classNames === undefined ? '' : "; of the names of their classes, --data 'mosaic:SHARDS?grid=1' makes captions";
  throw new VitrailError('missing-data', `the first samples have no caption to learn from: ${description}${hint}`);
}
