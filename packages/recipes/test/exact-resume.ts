import type { Tensor } from '@tensorflow/tfjs-core';
import { createRng, flattenTree, type TensorTree } from '@vitrail/core';
import type { Batch } from '@vitrail/data';
import { createTrainStep, disposeState, initTrainState, type TrainState } from '@vitrail/train';
import { readTrainingFiles, type System, type TrainedModel, type TrainingFileName, trainingFiles } from '../src/index.ts';
import { tokenizer } from './tiny-system.ts';

/** What a run has after five steps, and after two, a checkpoint, and three: parameters and what is carried, by path, as bits. */
export async function fiveStepsAndTwoAndThree(
  system: System<TensorTree, TensorTree, unknown>,
  batchAt: (step: number) => Batch,
  { seed = 7, maximumNorm = 3 }: { seed?: number; maximumNorm?: number } = {},
): Promise<readonly [atOnce: Record<string, Uint8Array>, resumed: Record<string, Uint8Array>]> {
  const trainStep = createTrainStep({ ...system, maximumNorm });
  const until = (steps: number, start: TrainState) => {
    let state = start;
    while (state.step < steps) {
      const batch = system.prepare(tokenizer, batchAt(state.step));
      ({ state } = trainStep(state, [batch]));
      system.release(batch);
    }
    return state;
  };
  const fresh = () => initTrainState(system.program.init(createRng(seed)), system.optimizer);
  const atOnce = until(5, fresh());
  const resumed = until(5, await writtenAndRead(until(2, fresh()), system.model));
  const bits = [bitsOf(atOnce), bitsOf(resumed)] as const;
  disposeState(atOnce);
  disposeState(resumed);
  return bits;
}

/** The state as a checkpoint holds it; the one that came is disposed. */
async function writtenAndRead(state: TrainState, model: TrainedModel): Promise<TrainState> {
  const files = await trainingFiles(state, { model, tokenizer });
  disposeState(state);
  const read = async (name: TrainingFileName) => {
    const content = files[name];
    return typeof content === 'string' ? new TextEncoder().encode(content) : content;
  };
  return (await readTrainingFiles(read, { model, tokenizer }, { place: 'step-000002' })).state;
}

function bitsOf({ params, carried }: TrainState): Record<string, Uint8Array> {
  const leaves = Object.entries(flattenTree<Tensor>({ params, carried }));
  return Object.fromEntries(leaves.map(([path, tensor]) => [path, new Uint8Array(tensor.dataSync().slice().buffer)]));
}
