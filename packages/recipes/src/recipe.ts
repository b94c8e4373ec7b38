import type { Schedule, TensorTree } from '@vitrail/core';
import type { Batch } from '@vitrail/data';
import type { Optimizer } from '@vitrail/optim';
import type { Tokenizer } from '@vitrail/text';
import type { TrainProgram } from '@vitrail/train';
import type { DualEncoderConfiguration } from './configuration.ts';
import type { DualEncoder, DualEncoderParams } from './dual-encoder.ts';

/** A configuration with a name, and what to expect of it. */
export type Preset<C extends DualEncoderConfiguration> = {
  config: C;
  /** One line for people: what it is for, how long it takes, where the numbers come from. */
  note: string;
};

/** A recipe put together for one configuration: everything a run needs but data. */
export type System<Params extends DualEncoderParams & TensorTree, Carried extends TensorTree, StepBatch> = {
  encoder: DualEncoder;
  program: TrainProgram<Params, Carried, StepBatch>;
  optimizer: Optimizer;
  /** The optimiser's rate at a step (0-based), for logs. */
  learningRate: Schedule;
  /** Moves one batch of the loader to the device: tensors, captions drawn, masks drawn. */
  prepare(tokenizer: Tokenizer, batch: Batch): StepBatch;
  /** Releases what `prepare` made. */
  release(batch: StepBatch): void;
};

/**
 * A published system: its paper, its presets and the function that puts it together.
 *
 * What a system's parameters, carried state and batches are is its own business; to whoever runs recipes by name they are parameters
 * with two towers, a tree of tensors, and something that `prepare` makes and `release` takes back.
 */
export type Recipe<C extends DualEncoderConfiguration = DualEncoderConfiguration> = {
  name: string;
  title: string;
  paper: string;
  presets: Readonly<Record<string, Preset<C>>>;
  /** @throws `invalid-argument` or `unknown-name` naming the setting that cannot be. */
  assemble(config: C): System<DualEncoderParams & TensorTree, TensorTree, unknown>;
};
