import { VitrailError } from '@vitrail/core';
import type { OpenedModel } from '@vitrail/pretrained';
import { bytesInUnits, type Recipe, type RunConfiguration, type StepMemory } from '@vitrail/recipes';
import type { Precision } from './backend.ts';

/** What a recipe says of the memory of its steps. */
type Estimate<C extends RunConfiguration> = Recipe<C>['memory'];

/** What a GPU device allows, and what is on it before the run. */
export type Room = {
  precision: Precision;
  /** The largest tensor. */
  maximumTensorBytes: number;
  /** The model that the recipe needs, if it needs one. */
  model?: OpenedModel;
};

/**
 * What a training step will need on a GPU, in a line for people. WebGPU tells how large a tensor can be, but not how much memory there is.
 *
 * @throws `invalid-argument` when a tensor is larger than the device allows, with settings that would do
 */
export function requireRoom<C extends RunConfiguration>(
  memory: Estimate<C>,
  config: C,
  { maximumTensorBytes, ...options }: Room,
): string {
  const { parameters, state, gradients, activations, peak, largest } = memory(config, options);
  if (largest.bytes > maximumTensorBytes) {
    throw new VitrailError(
      'invalid-argument',
      `${largest.name} would take ${bytesInUnits(largest.bytes)} in one tensor, but this GPU device allows ${bytesInUnits(maximumTensorBytes)}: ` +
        advice(config, largest, maximumTensorBytes),
    );
  }
  return (
    `memory: about ${bytesInUnits(peak)} in a step (parameters ${bytesInUnits(parameters)}, optimiser and teacher ${bytesInUnits(state)}, ` +
    `gradients ${bytesInUnits(gradients)}, activations ${bytesInUnits(activations)}); the largest tensor is ${largest.name}, ` +
    `${bytesInUnits(largest.bytes)} of at most ${bytesInUnits(maximumTensorBytes)}. WebGPU does not tell how much memory the GPU has: if it runs ` +
    `out, use a smaller --batch-size with --set train.accumulate=N${rematAdvice(memory, config, { ...options, peak })}`
  );
}

/** Share of the memory of a step below which running blocks again is worth its time. */
const WORTH_RUNNING_AGAIN = 0.9;

function rematAdvice<C extends RunConfiguration>(
  memory: Estimate<C>,
  config: C,
  { peak, ...options }: Omit<Room, 'maximumTensorBytes'> & { peak: number },
): string {
  const { peak: less } = memory({ ...config, train: { ...config.train, remat: true } }, options);
  if (less > WORTH_RUNNING_AGAIN * peak) return '';
  return `, or --set train.remat=true, which runs blocks again in the backward pass: about ${bytesInUnits(less)}`;
}

function advice(config: RunConfiguration, { bytes, setting }: StepMemory['largest'], limit: number): string {
  const share = limit / bytes;
  if (setting === 'heads.prototypes' && 'heads' in config) {
    const { prototypes } = config.heads as { prototypes: number };
    return `take fewer prototypes, --set heads.prototypes=${Math.floor(prototypes * share)}`;
  }
  if (setting === 'text.vocabularySize' && config.text !== undefined) {
    return `take a smaller vocabulary, --set text.vocabularySize=${Math.floor(config.text.vocabularySize * share)}`;
  }
  if (setting === 'bar.outputs' && 'bar' in config) {
    const { outputs } = config.bar as { outputs: number };
    return `take narrower projectors, --set bar.outputs=${Math.floor(outputs * Math.sqrt(share))}`;
  }
  const { batchSize, accumulate } = config.train;
  const smaller = Math.floor(batchSize * share);
  if (smaller < 1) return 'take smaller pictures (views.globalSize) or a narrower tower (image.width)';
  const times = accumulate * Math.ceil(batchSize / smaller);
  const price = config.captions ? ' (each has only its own pictures to tell apart in the contrastive loss)' : '';
  return `take a smaller batch, several for one update, --set train.batchSize=${smaller} train.accumulate=${times}${price}`;
}
