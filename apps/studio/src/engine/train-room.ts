import { VitrailError } from '@vitrail/core';
import { bytesInUnits, type RunConfiguration, type StepMemory } from '@vitrail/recipes';
import type { DeviceReport } from './start-device.ts';
import { presetCards, type SettledPlan, settlePlan } from './train-plan.ts';

/** WebAssembly has addresses of 32 bits; a tenth is left for what kernels need while they run. */
const wasmBytes = 0.9 * 2 ** 32;

/** What a step will need, by the recipe's estimate. */
export type RoomReport = Pick<StepMemory, 'peak' | 'parameters' | 'activations'>;

/**
 * What a step of a plan will need.
 *
 * @throws `invalid-argument` when the device cannot have as much, with a batch or a preset that would do
 */
export function requireRoom({ recipe, presetName, config }: SettledPlan, device: DeviceReport): RoomReport {
  const estimate = recipe.memory(config);
  const problem = tooLarge(estimate, device);
  if (problem === undefined) return estimate;
  const fits = (other: RunConfiguration) => tooLarge(recipe.memory(other), device) === undefined;
  throw new VitrailError('invalid-argument', `${problem}. ${advice({ recipe, presetName, config }, fits)}`);
}

function tooLarge({ peak, largest }: StepMemory, { name, maximumTensorBytes }: DeviceReport): string | undefined {
  if (maximumTensorBytes !== undefined && largest.bytes > maximumTensorBytes) {
    return `${largest.name} would take ${bytesInUnits(largest.bytes)} in one tensor, but this GPU allows ${bytesInUnits(maximumTensorBytes)}`;
  }
  if (name === 'wasm' && peak > wasmBytes) {
    return `A step would need about ${bytesInUnits(peak)}, but WebAssembly has at most ${bytesInUnits(2 ** 32)}`;
  }
  return undefined;
}

/** The largest batch of those halved again and again that fits, and the largest preset. */
function advice({ recipe, config }: SettledPlan, fits: (config: RunConfiguration) => boolean): string {
  const suggestions: string[] = [];
  for (let batchSize = Math.floor(config.train.batchSize / 2); batchSize >= 2; batchSize = Math.floor(batchSize / 2)) {
    if (!fits({ ...config, train: { ...config.train, batchSize } })) continue;
    suggestions.push(`a batch of ${batchSize}`);
    break;
  }
  const smaller = presetCards().filter(
    (card) =>
      card.recipe === recipe.name && fits(settlePlan({ preset: card.name, ...card.usual, settings: [], data: 'scenes' }).config),
  );
  const preset = smaller.find(({ preset }) => preset === 'small') ?? smaller[0];
  if (preset !== undefined) suggestions.push(`the preset ${preset.name}`);
  return suggestions.length > 0
    ? `Take ${suggestions.join(', or ')}.`
    : 'Take smaller pictures (views.globalSize) or a narrower tower.';
}

/** Says what to do about an error that comes from memory that has run out; any other error as it is. */
export function explainMemory(error: unknown, { config, recipe }: SettledPlan): unknown {
  const { message } = error as Error;
  if (!/out of memory|memory access out of bounds|allocation failed|out-of-memory|cannot allocate/i.test(message ?? ''))
    return error;
  const batch = Math.max(1, Math.floor(config.train.batchSize / 2));
  return new VitrailError(
    'unavailable',
    `The memory of the device has run out (${message.trim()}). Take a smaller batch (${batch}) or a smaller preset (${recipe.name}:mini).`,
    { cause: error },
  );
}
