import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tensor1d } from '@tensorflow/tfjs-core';
import { decodeSafetensors, treeFromSafetensors, treeToSafetensors } from '@vitrail/checkpoints';
import { latestCheckpoint, pruneCheckpoints, writeCheckpoint } from '@vitrail/checkpoints/node';
import { disposeTree, type TensorTree, VitrailError } from '@vitrail/core';
import { readVitrailMetadata, vitrailMetadata } from '@vitrail/pretrained';
import type { TrainedModel } from '@vitrail/recipes';
import type { Tokenizer } from '@vitrail/text';
import { openLedger, type TrainState } from '@vitrail/train';
import type { MetricSums } from './metric-window.ts';

/**
 * What `state.json` holds: the step, what steps have counted (left out, left out in a row, scale of the loss, good steps since it last
 * changed), how many training samples were left out so far, and the metrics of the steps that have no row in `metrics.jsonl` yet.
 */
type StateFile = { step: number; counts: readonly number[]; badSamples: number; unlogged: MetricSums };

/**
 * Writes a state as `DIR/checkpoints/step-N`: `model.safetensors` (parameters, and what the model needs beside them), `optimizer.safetensors`, `carried.safetensors` (averaged
 * teacher, centres) and `state.json`. Random numbers and the position in the data are functions of the seed and the step.
 *
 * @param keep newest checkpoints that stay.
 */
export async function saveState(
  directory: string,
  state: TrainState,
  {
    model,
    tokenizer,
    keep,
    badSamples,
    unlogged,
  }: { model: TrainedModel; tokenizer?: Tokenizer; keep: number; badSamples: number; unlogged: MetricSums },
): Promise<void> {
  const counts = [...(await state.ledger.counts.data())];
  const numbers: StateFile = { step: state.step, counts, badSamples, unlogged };
  await writeCheckpoint(directory, state.step, {
    'model.safetensors': await treeToSafetensors(modelTensors(model, state), vitrailMetadata(model.describe(tokenizer))),
    'optimizer.safetensors': await treeToSafetensors(state.optimizer),
    'carried.safetensors': await treeToSafetensors(state.carried),
    'state.json': `${JSON.stringify(numbers, null, 2)}\n`,
  });
  await pruneCheckpoints(directory, keep);
}

/** Every tensor of the model: over the state, and over what the system holds. */
export function modelTensors({ further }: TrainedModel, { params, carried }: Pick<TrainState, 'params' | 'carried'>): TensorTree {
  return { ...params, ...further?.(carried) };
}

/**
 * The newest complete state in a checkpoint directory, or `undefined` where there is none. The caller disposes its trees.
 *
 * @param model that is to go on, with its tokenizer.
 * @throws `corrupt-data` for files that are damaged; `invalid-argument` when the words of the captions are no longer those of the checkpoint.
 */
export async function loadLatestState(
  directory: string,
  { model, tokenizer }: { model: TrainedModel; tokenizer?: Tokenizer },
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
  const file = await read('model.safetensors');
  if (JSON.stringify(readVitrailMetadata(decodeSafetensors(file).metadata)) !== JSON.stringify(model.describe(tokenizer))) {
    throw new VitrailError(
      'invalid-argument',
      `${latest.path} was trained on captions of other words: the data has changed since; start a new run in another directory (--out)`,
    );
  }
  const tree = async (name: string): Promise<TensorTree> => treeFromSafetensors(await read(name));
  const carried = await tree('carried.safetensors');
  const further = model.further?.(carried) ?? {};
  const entries = Object.entries(treeFromSafetensors(file));
  disposeTree(Object.fromEntries(entries.filter(([name]) => name in further)));
  const state = {
    step,
    params: Object.fromEntries(entries.filter(([name]) => !(name in further))),
    optimizer: await tree('optimizer.safetensors'),
    carried,
    ledger: openLedger(tensor1d([...counts])),
  };
  return { state, counts, badSamples, unlogged };
}
