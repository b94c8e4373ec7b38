import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tensor1d } from '@tensorflow/tfjs-core';
import { decodeSafetensors, treeFromSafetensors, treeToSafetensors } from '@vitrail/checkpoints';
import { latestCheckpoint, pruneCheckpoints, writeCheckpoint } from '@vitrail/checkpoints/node';
import { type TensorTree, VitrailError } from '@vitrail/core';
import { readVitrailMetadata, type VitrailModelConfig, vitrailMetadata } from '@vitrail/pretrained';
import { openLedger, type TrainState } from '@vitrail/train';
import type { MetricSums } from './metric-window.ts';

/**
 * What `state.json` holds: the step, what steps have counted (left out, left out in a row, scale of the loss, good steps since it last
 * changed), how many training samples were left out so far, and the metrics of the steps that have no row in `metrics.jsonl` yet.
 */
type StateFile = { step: number; counts: readonly number[]; badSamples: number; unlogged: MetricSums };

/**
 * Writes a state as `DIR/checkpoints/step-N`: `model.safetensors` (parameters), `optimizer.safetensors`, `carried.safetensors` (averaged
 * teacher, centres) and `state.json`. Random numbers and the position in the data are functions of the seed and the step.
 *
 * @param keep newest checkpoints that stay.
 */
export async function saveState(
  directory: string,
  state: TrainState,
  {
    description,
    keep,
    badSamples,
    unlogged,
  }: { description: VitrailModelConfig; keep: number; badSamples: number; unlogged: MetricSums },
): Promise<void> {
  const counts = [...(await state.ledger.counts.data())];
  const numbers: StateFile = { step: state.step, counts, badSamples, unlogged };
  await writeCheckpoint(directory, state.step, {
    'model.safetensors': await treeToSafetensors(state.params, vitrailMetadata(description)),
    'optimizer.safetensors': await treeToSafetensors(state.optimizer),
    'carried.safetensors': await treeToSafetensors(state.carried),
    'state.json': `${JSON.stringify(numbers, null, 2)}\n`,
  });
  await pruneCheckpoints(directory, keep);
}

/**
 * The newest complete state in a checkpoint directory, or `undefined` where there is none. The caller disposes its trees.
 *
 * @param description of the model that is to go on.
 * @throws `corrupt-data` for files that are damaged; `invalid-argument` when the words of the captions are no longer those of the checkpoint.
 */
export async function loadLatestState(
  directory: string,
  description: VitrailModelConfig,
): Promise<(Pick<StateFile, 'counts' | 'badSamples' | 'unlogged'> & { state: TrainState }) | undefined> {
  const latest = await latestCheckpoint(directory);
  if (latest === undefined) return undefined;
  const read = (name: string) => readFile(join(latest.path, name));
  const { step, counts, badSamples, unlogged } = JSON.parse((await read('state.json')).toString('utf8')) as StateFile;
  if (step !== latest.step) throw new VitrailError('corrupt-data', `${latest.path} says in state.json that it is step ${step}`);
  if (!Array.isArray(counts)) {
    throw new VitrailError(
      'corrupt-data',
      `${latest.path} has no counts in state.json, so it is of an older version: start a new run in another directory (--out)`,
    );
  }
  const model = await read('model.safetensors');
  if (JSON.stringify(readVitrailMetadata(decodeSafetensors(model).metadata)) !== JSON.stringify(description)) {
    throw new VitrailError(
      'invalid-argument',
      `${latest.path} was trained on captions of other words: the data has changed since; start a new run in another directory (--out)`,
    );
  }
  const tree = async (name: string): Promise<TensorTree> => treeFromSafetensors(await read(name));
  const state = {
    step,
    params: treeFromSafetensors(model),
    optimizer: await tree('optimizer.safetensors'),
    carried: await tree('carried.safetensors'),
    ledger: openLedger(tensor1d([...counts])),
  };
  return { state, counts, badSamples, unlogged };
}
