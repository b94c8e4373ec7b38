import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tensor1d } from '@tensorflow/tfjs-core';
import { treeFromSafetensors, treeToSafetensors } from '@vitrail/checkpoints';
import { latestCheckpoint, pruneCheckpoints, writeCheckpoint } from '@vitrail/checkpoints/node';
import type { TensorTree } from '@vitrail/core';
import { openLedger, type TrainState } from '@vitrail/train';
import { type AdapterOrigin, encodeAdapter } from './adapter-file.ts';

/** The state of an adaptation: nothing of the model is in it. */
export type AdaptationState = TrainState<TensorTree, Record<string, never>>;

const kept = 2;

/** Writes a state as `DIR/checkpoints/step-N`: `adapter.safetensors`, `optimizer.safetensors` and `state.json`; the two newest stay. */
export async function saveAdaptation(directory: string, state: AdaptationState, origin: AdapterOrigin): Promise<void> {
  const counts = [...(await state.ledger.counts.data())];
  await writeCheckpoint(directory, state.step, {
    'adapter.safetensors': await encodeAdapter(state.params, origin),
    'optimizer.safetensors': await treeToSafetensors(state.optimizer),
    'state.json': `${JSON.stringify({ step: state.step, counts }, null, 2)}\n`,
  });
  await pruneCheckpoints(directory, kept);
}

/** The newest complete state, whose tensors are the caller's, or `undefined` where there is none. @throws `corrupt-data` for damaged files. */
export async function loadAdaptation(directory: string): Promise<AdaptationState | undefined> {
  const latest = await latestCheckpoint(directory);
  if (latest === undefined) return undefined;
  const read = (name: string) => readFile(join(latest.path, name));
  const { step, counts } = JSON.parse((await read('state.json')).toString('utf8')) as { step: number; counts: number[] };
  return {
    step,
    params: treeFromSafetensors(await read('adapter.safetensors')),
    optimizer: treeFromSafetensors(await read('optimizer.safetensors')),
    carried: {},
    ledger: openLedger(tensor1d(counts)),
  };
}
