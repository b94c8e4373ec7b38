import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { treeFromSafetensors, treeToSafetensors } from '@vitrail/checkpoints';
import { latestCheckpoint, pruneCheckpoints, writeCheckpoint } from '@vitrail/checkpoints/node';
import { type TensorTree, VitrailError } from '@vitrail/core';
import type { TrainState } from '@vitrail/train';

/** What `state.json` holds: the numbers of a state that are no tensors. */
type StateFile = { step: number; skipped: number; badSamples: number };

/**
 * Writes a state as `DIR/checkpoints/step-N`: `model.safetensors` (parameters), `optimizer.safetensors`, `carried.safetensors` (averaged
 * teacher, centres) and `state.json`. Random numbers and the position in the data are functions of the seed and the step.
 *
 * @param keep newest checkpoints that stay.
 */
export async function saveState(
  directory: string,
  state: TrainState,
  { metadata, keep, badSamples }: { metadata: Record<string, string>; keep: number; badSamples: number },
): Promise<void> {
  const numbers: StateFile = { step: state.step, skipped: state.skipped, badSamples };
  await writeCheckpoint(directory, state.step, {
    'model.safetensors': await treeToSafetensors(state.params, metadata),
    'optimizer.safetensors': await treeToSafetensors(state.optimizer),
    'carried.safetensors': await treeToSafetensors(state.carried),
    'state.json': `${JSON.stringify(numbers, null, 2)}\n`,
  });
  await pruneCheckpoints(directory, keep);
}

/** The newest complete state in a checkpoint directory, or `undefined` where there is none. The caller disposes its trees. */
export async function loadLatestState(directory: string): Promise<(TrainState & { badSamples: number }) | undefined> {
  const latest = await latestCheckpoint(directory);
  if (latest === undefined) return undefined;
  const read = (name: string) => readFile(join(latest.path, name));
  const numbers = JSON.parse((await read('state.json')).toString('utf8')) as StateFile;
  if (numbers.step !== latest.step) {
    throw new VitrailError('corrupt-data', `${latest.path} says in state.json that it is step ${numbers.step}`);
  }
  const tree = async (name: string): Promise<TensorTree> => treeFromSafetensors(await read(name));
  return {
    ...numbers,
    params: await tree('model.safetensors'),
    optimizer: await tree('optimizer.safetensors'),
    carried: await tree('carried.safetensors'),
  };
}
