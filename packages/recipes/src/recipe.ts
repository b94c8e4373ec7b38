import type { Schedule, TensorTree } from '@vitrail/core';
import type { Batch, ViewSpec } from '@vitrail/data';
import type { Optimizer } from '@vitrail/optim';
import type { OpenedModel, VitrailDescription } from '@vitrail/pretrained';
import type { Tokenizer } from '@vitrail/text';
import type { TrainProgram } from '@vitrail/train';
import type { RunConfiguration } from './configuration.ts';
import type { MemoryOptions, StepMemory } from './step-memory.ts';

/** A configuration with a name, and what to expect of it. */
export type Preset<C extends RunConfiguration> = {
  config: C;
  /** One line for people: what it is for, how long it takes, where the numbers come from. */
  note: string;
};

/** A pretrained model and the setting that names it. */
export type NamedModel = {
  setting: string;
  /** A `MODEL` of the command line: a run, a folder, released weights. */
  model: string;
};

/** The model that a system trains, as its files hold it. */
export type TrainedModel<Carried extends TensorTree = TensorTree> = {
  /** What the files say of the model; `describedModel` of `@vitrail/pretrained` encodes with it. */
  describe(tokenizer?: Tokenizer): VitrailDescription;
  /**
   * What the model needs beside the parameters: a text tower that is not trained, running means of what is carried. The tensors stay whose they
   * are; no name at the top of the tree is one of the parameters'. Nothing where there is no such function.
   */
  further?(carried: Carried): TensorTree;
};

/** A recipe put together for one configuration: everything a run needs but data. */
export type System<Params extends TensorTree, Carried extends TensorTree, StepBatch> = {
  model: TrainedModel<Carried>;
  program: TrainProgram<Params, Carried, StepBatch>;
  optimizer: Optimizer;
  /** The optimiser's rate at a step (0-based), for logs. */
  learningRate: Schedule;
  /** What the loader is to make of a picture, where that is more than `views` of the configuration says. */
  views?: ViewSpec;
  /**
   * Moves one batch of the loader to the device: tensors, captions drawn, masks drawn.
   *
   * @param tokenizer of the run; those that look at pictures alone have none
   */
  prepare(tokenizer: Tokenizer | undefined, batch: Batch): StepBatch;
  /** Releases what `prepare` made. */
  release(batch: StepBatch): void;
  /** Releases what the system keeps from batch to batch, at the end; one that keeps nothing has no such function. */
  dispose?(): void;
};

/**
 * A published system: its paper, its presets and the function that puts it together.
 *
 * What a system's parameters, carried state and batches are is its own business; to whoever runs recipes by name they are trees of tensors,
 * and something that `prepare` makes and `release` takes back.
 */
export type Recipe<C extends RunConfiguration = RunConfiguration, S = System<TensorTree, TensorTree, unknown>> = {
  name: string;
  title: string;
  paper: string;
  presets: Readonly<Record<string, Preset<C>>>;
  /** Looks at the settings alone. @throws `invalid-argument` or `unknown-name` naming the setting that cannot be. */
  check(config: C): void;
  /**
   * The pretrained model that it needs, to learn from or to start from; a recipe that needs none has no such function.
   *
   * @throws `invalid-argument` where the settings name none
   */
  needs?(config: C): NamedModel;
  /**
   * @param model the one that it needs, opened with its heads; it stays the caller's and has to outlive the system
   * @throws as `check`, and for a model that does not fit
   */
  assemble(config: C, model?: OpenedModel): S;
  /**
   * What a training step needs in memory.
   *
   * @throws as `assemble`, where a model is needed that does not come or does not fit
   */
  memory(config: C, options?: MemoryOptions): StepMemory;
};
