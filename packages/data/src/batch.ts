import type { BadSample } from './bad-samples.ts';
import type { ViewSpec, Views } from './images/views.ts';
import type { SampleCaptions } from './sample.ts';

/** The samples of one training step. Whoever takes it from the generator owns it. */
export type Batch = Views & {
  /** 0-based. */
  readonly step: number;
  /** In the order of the rows of `global`. */
  readonly samples: readonly BatchSample[];
  /** `[B * globalCrops, globalSize, globalSize, 3]` in `[0, 1]`, sample-major. */
  readonly global: Float32Array;
  /** `[B * localCrops, localSize, localSize, 3]` in `[0, 1]`, sample-major: all crops of the first sample, then all of the second. */
  readonly locals: Float32Array;
  /** One array per augmented view, `[B, size, size, 3]` in `[0, 1]`; absent when `views` has no list of them. */
  readonly augmented?: readonly Float32Array[];
};

/** What a batch says of each of its samples. `(epoch, index)` names the draw: fork random streams with it. */
export type BatchSample = {
  /** How often the whole source had been gone through before. */
  readonly epoch: number;
  /** The sample's number in its source. */
  readonly index: number;
  readonly key: string;
  readonly captions: SampleCaptions;
};

/** What `loadBatches` needs to know. */
export type LoadOptions = {
  /** Samples in a batch. */
  readonly batchSize: number;
  readonly views: ViewSpec;
  readonly seed: number | string;
  /** Whether a sample without a caption is a bad one; true when absent. */
  readonly requireCaptions?: boolean;
  /** The step of the first batch; 0 when absent. */
  readonly startStep?: number;
  /** How many batches are prepared ahead of the one in use, at most; 2 when absent. */
  readonly prefetch?: number;
  /** Told of every sample that was left out, batch by batch, in the order of the rows. */
  readonly onBadSample?: (bad: BadSample) => void;
};
