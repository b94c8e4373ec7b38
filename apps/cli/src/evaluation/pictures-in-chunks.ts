import { isVitrailError, VitrailError } from '@vitrail/core';
import type { BadSample, RgbImage, Sample, SampleSource } from '@vitrail/data';
import { concatenate } from '../concatenate.ts';
import { hearSignals } from '../event-loop.ts';

/** Pictures as the model takes them, and how many came before. */
export type PictureChunk = {
  /** Pictures in the chunks before this one: bad samples do not count. */
  first: number;
  samples: readonly Sample[];
  /** As the model takes them, one behind the other. */
  pixels: Float32Array;
};

/** What is looked at, and what is told. */
export type PictureOptions = {
  /** The first samples of the source, this many at most. */
  count: number;
  /** A picture as the model takes it. */
  prepare: (picture: RgbImage) => Float32Array;
  /** Throws `corrupt-data` when a sample lacks what the caller needs of it. */
  require?: (sample: Sample) => unknown;
  /** Told of each sample that is left out: one that is damaged, or lacks what is required. */
  onBadSample?: (bad: BadSample) => void;
  /** Looked at before each chunk. */
  signal?: AbortSignal;
};

const CHUNK = 32;

/**
 * The first pictures of a source, a few at a time. Bad ones are left out and told of.
 *
 * @throws `missing-data` when none is left; the signal's reason when it is aborted; any error of the source that is not about one sample.
 */
export async function* picturesInChunks(
  source: SampleSource,
  { count, prepare, require, onBadSample, signal }: PictureOptions,
): AsyncGenerator<PictureChunk> {
  let first = 0;
  let reason = 'there are no samples';
  for (let start = 0; start < Math.min(count, source.size); start += CHUNK) {
    await hearSignals();
    signal?.throwIfAborted();
    const indices = Array.from({ length: Math.min(CHUNK, Math.min(count, source.size) - start) }, (_, i) => start + i);
    const read = await Promise.all(indices.map((index) => readUsable(source, index, require)));
    for (const result of read) {
      if (!('reason' in result)) continue;
      reason = `${result.key}: ${result.reason}`;
      onBadSample?.(result);
    }
    const samples = read.flatMap((result) => ('reason' in result ? [] : [result]));
    if (samples.length === 0) continue;
    yield { first, samples, pixels: concatenate(samples.map((sample) => prepare(sample.image))) };
    first += samples.length;
  }
  if (first === 0) throw new VitrailError('missing-data', `no picture of ${source.description} can be used; ${reason}`);
}

async function readUsable(source: SampleSource, index: number, require: PictureOptions['require']): Promise<Sample | BadSample> {
  try {
    const sample = await source.read(index);
    require?.(sample);
    return sample;
  } catch (error) {
    if (!(isVitrailError(error) && error.code === 'corrupt-data')) throw error;
    return { key: source.key?.(index) ?? `sample ${index}`, index, reason: error.message };
  }
}
