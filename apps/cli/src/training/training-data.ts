import { VitrailError } from '@vitrail/core';
import type { SampleSource } from '@vitrail/data';
import { openSource } from '@vitrail/data/node';
import type { DualEncoderConfiguration } from '@vitrail/recipes';

/** Where a run learns and where it is measured; the two share no sample. */
export type TrainingData = {
  train: SampleSource;
  evaluation: SampleSource;
  close(): Promise<void>;
};

/**
 * Opens the sources that a configuration names. Without `data.evaluate` the last twentieth of the training data (at least 32 samples where
 * there are 64, at most what the final evaluation takes) is held out and never trained on.
 */
export async function openTrainingData({ data, train }: DualEncoderConfiguration): Promise<TrainingData> {
  const source = await openSource(data.train);
  if (data.evaluate !== '') {
    const evaluation = await openSource(data.evaluate);
    return {
      train: source,
      evaluation,
      close: async () => {
        await Promise.all([source.close(), evaluation.close()]);
      },
    };
  }
  const wanted = Math.max(32, Math.min(Math.floor(source.size / 20), 4 * train.evaluateSamples));
  const heldOut = Math.min(wanted, Math.floor(source.size / 2));
  if (heldOut === 0)
    throw new VitrailError('missing-data', `${source.description} has ${source.size} samples: too few to learn from`);
  return {
    train: part(source, 0, source.size - heldOut),
    evaluation: part(source, source.size - heldOut, heldOut),
    close: () => source.close(),
  };
}

/** `size` samples of a source from `first` on. */
function part(source: SampleSource, first: number, size: number): SampleSource {
  return { ...source, size, read: (index) => source.read(first + index), close: async () => {} };
}
