import { countShapes, flattenTree, type ParameterShapes } from '@vitrail/core';
import type { OpenedModel } from '@vitrail/pretrained';
import type { OptimizerSection, RunConfiguration } from './configuration.ts';

/** What a training step needs, in bytes. */
export type StepMemory = {
  parameters: number;
  /** What the optimiser holds, averages of the student, and the model that is learned or started from. */
  state: number;
  /** Of the parameters that a run reads, of each run of one micro-batch; and the sum of those before, where there are several. */
  gradients: number;
  /** What one micro-batch keeps for the backward pass, and the gradients of it; with the micro-batch itself. */
  activations: number;
  /** The most that is there at a time. */
  peak: number;
  /** The largest tensor. */
  largest: LargestTensor;
};

/** A tensor, in words, and the setting that makes it large. */
export type LargestTensor = {
  name: string;
  bytes: number;
  setting: 'train.batchSize' | 'heads.prototypes' | 'text.vocabularySize' | 'bar.outputs';
};

/** A tensor that may be the largest one. */
export type SizedTensor = Omit<LargestTensor, 'bytes'> & {
  numbers: number;
  /** Whether it takes four bytes a number in any precision, as parameters, pictures and scores do; activations do not. */
  isFloat32: boolean;
};

/** What one run through a tower or a head has in memory in the backward pass: what it has kept, and the gradients of it. */
export type Pass = {
  /** Numbers in the parameters that it reads: it has a gradient of them of its own. */
  parameters: number;
  /** Numbers inside blocks and heads, which have the precision of activations. */
  inside: number;
  /** Numbers around them, four bytes each in any precision. */
  around: number;
  /** The largest tensors among these, and among the parameters that are used. */
  tensors: readonly SizedTensor[];
};

/** How an estimate is asked for. */
export type MemoryOptions = {
  /** Of activations: in `f16` those inside blocks and heads take two bytes; `f32` by default. */
  precision?: 'f32' | 'f16';
  /** The model that the recipe needs, if it needs one. */
  model?: OpenedModel;
};

/** What a recipe says of its steps. */
export type StepParts = {
  /** Of everything that is trained. */
  parameters: ParameterShapes;
  /** Numbers in what a step reads or averages beside that: averaged or frozen teachers. */
  copies: number;
  /** What `prepare` makes of a batch. */
  inputs: readonly SizedTensor[];
  /** Runs that a gradient goes through. */
  passes: readonly Pass[];
};

/**
 * Estimates the memory of a training step from its parts alone: nothing is allocated.
 *
 * tfjs holds what every pass has kept, and the gradient of everything until the last one is there: of a parameter one for every pass that reads
 * it, of which the first becomes the sum. To this come the batch, parameters, the state of the optimiser, and teachers. While parameters are
 * updated the old ones and the new ones are there, but no activations.
 *
 * What a backend keeps for later use, what single kernels need while they run, and a teacher while it looks at a batch come on top.
 *
 * @example stepMemory({ parameters: { kernel: [8, 8] }, copies: 0, inputs, passes }, config).parameters // 256
 */
export function stepMemory(
  { parameters: shapes, copies, inputs, passes }: StepParts,
  { optimizer: { name }, train }: Pick<RunConfiguration, 'optimizer' | 'train'>,
  { precision = 'f32' }: MemoryOptions = {},
): StepMemory {
  const activation = precision === 'f16' ? 2 : 4;
  const parameters = 4 * countShapes(shapes);
  const moments = 4 * momentNumbers(name, shapes);
  const state = moments + 4 * copies;
  const gradients = 4 * sum(passes.map((pass) => pass.parameters)) + (train.accumulate > 1 ? parameters : 0);
  const inPasses = sum(passes.map(({ inside, around }) => activation * inside + 4 * around));
  const activations = inPasses + 4 * sum(inputs.map(({ numbers }) => numbers));
  const backward = parameters + state + gradients + activations;
  const update = 2 * (parameters + moments) + 4 * copies + parameters;
  return {
    parameters,
    state,
    gradients,
    activations,
    peak: Math.max(backward, update),
    largest: [...inputs, ...passes.flatMap(({ tensors }) => tensors)]
      .map(({ name, numbers, setting, isFloat32 }) => ({ name, bytes: numbers * (isFloat32 ? 4 : activation), setting }))
      .reduce((largest, tensor) => (tensor.bytes > largest.bytes ? tensor : largest)),
  };
}

/** AdamW and LAMB hold two moments per parameter; Adafactor of a matrix sums of rows and columns. */
function momentNumbers(name: OptimizerSection['name'], shapes: ParameterShapes): number {
  if (name !== 'adafactor') return 2 * countShapes(shapes);
  const leaves = Object.values(flattenTree<readonly number[]>(shapes));
  return sum(leaves.map((shape) => (shape.length < 2 ? product(shape) : product(shape.slice(0, -1)) + (shape.at(-1) ?? 1))));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function product(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total * number, 1);
}
