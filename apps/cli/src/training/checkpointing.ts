import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { latestCheckpoint, pruneCheckpoints, writeCheckpoint } from '@vitrail/checkpoints/node';
import { VitrailError } from '@vitrail/core';
import { readTrainingFiles, type TrainingIdentity, trainingFiles } from '@vitrail/recipes';
import { disposeState, type TrainState } from '@vitrail/train';
import type { MetricSums } from './metric-window.ts';

/** What a run keeps beside its state: how many training samples were left out so far, and the metrics of the steps that have no row in `metrics.jsonl` yet. */
type RunNotes = { badSamples: number; unlogged: MetricSums };

/**
 * Writes a state as `DIR/checkpoints/step-N`, with the files of `trainingFiles`.
 *
 * @param keep newest checkpoints that stay.
 */
export async function saveState(
  directory: string,
  state: TrainState,
  { keep, badSamples, unlogged, ...identity }: TrainingIdentity & RunNotes & { keep: number },
): Promise<void> {
  await writeCheckpoint(directory, state.step, await trainingFiles(state, identity, { badSamples, unlogged }));
  await pruneCheckpoints(directory, keep);
}

/**
 * The newest complete state in a checkpoint directory, or `undefined` where there is none. The caller disposes its trees.
 *
 * @param identity of the run that is to go on.
 * @throws `corrupt-data` for files that are damaged; `invalid-argument` when the words of the captions are no longer those of the checkpoint.
 */
export async function loadLatestState(
  directory: string,
  identity: TrainingIdentity,
): Promise<(RunNotes & { state: TrainState }) | undefined> {
  const latest = await latestCheckpoint(directory);
  if (latest === undefined) return undefined;
  const { path, step } = latest;
  const { state, notes } = await readTrainingFiles((name) => readFile(join(path, name)), identity, {
    place: path,
    otherwise: 'start a new run in another directory (--out)',
  });
  if (state.step !== step) {
    disposeState(state);
    throw new VitrailError('corrupt-data', `${path} says in state.json that it is step ${state.step}`);
  }
  return { state, ...(notes as RunNotes) };
}
