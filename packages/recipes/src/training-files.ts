import { tensor1d } from '@tensorflow/tfjs-core';
import { decodeSafetensors, treeFromSafetensors, treeToSafetensors } from '@vitrail/checkpoints';
import { disposeTree, type TensorTree, VitrailError } from '@vitrail/core';
import { readVitrailMetadata, vitrailMetadata } from '@vitrail/pretrained';
import type { Tokenizer } from '@vitrail/text';
import { openLedger, type TrainState } from '@vitrail/train';
import type { TrainedModel } from './recipe.ts';

/** The files of a training state. */
export type TrainingFileName = 'model.safetensors' | 'optimizer.safetensors' | 'carried.safetensors' | 'state.json';

/** What whoever runs a training keeps beside its state, in `state.json`. */
export type TrainingNotes = Readonly<Record<string, unknown>>;

/** The model that a state is of, and the tokenizer of its texts. */
export type TrainingIdentity = { readonly model: TrainedModel; readonly tokenizer?: Tokenizer };

/** Every tensor of the model: over the state, and over what the system holds. They stay whose they are. */
export function modelTensors({ further }: TrainedModel, { params, carried }: Pick<TrainState, 'params' | 'carried'>): TensorTree {
  return { ...params, ...further?.(carried) };
}

/**
 * A training state as files: `model.safetensors` (parameters, and what the model needs beside them), `optimizer.safetensors`,
 * `carried.safetensors` (averaged teacher, centres) and `state.json` (step, what steps have counted, and the notes). Random numbers and the
 * position in the data are functions of the seed and the step.
 *
 * @param state stays the caller's
 * @param notes that {@link readTrainingFiles} gives back; not `step` or `counts`
 * @example Object.keys(await trainingFiles(state, { model, tokenizer })).length // 4
 */
export async function trainingFiles(
  state: TrainState,
  { model, tokenizer }: TrainingIdentity,
  notes: TrainingNotes = {},
): Promise<Record<TrainingFileName, Uint8Array | string>> {
  const counts = [...(await state.ledger.counts.data())];
  return {
    'model.safetensors': await treeToSafetensors(modelTensors(model, state), vitrailMetadata(model.describe(tokenizer))),
    'optimizer.safetensors': await treeToSafetensors(state.optimizer),
    'carried.safetensors': await treeToSafetensors(state.carried),
    'state.json': `${JSON.stringify({ step: state.step, counts, ...notes }, null, 2)}\n`,
  };
}

/**
 * The state that {@link trainingFiles} wrote. The caller disposes its trees.
 *
 * @param read gives the bytes of a file
 * @param identity of the training that is to go on
 * @param options.place for messages: where the files are
 * @param options.otherwise for messages: how to begin anew, `start a new run` by default
 * @throws `corrupt-data` for files that are damaged or of an older version; `invalid-argument` when the model, or the words of its captions, are
 * no longer those of the files
 */
export async function readTrainingFiles(
  read: (name: TrainingFileName) => Promise<Uint8Array>,
  { model, tokenizer }: TrainingIdentity,
  { place, otherwise = 'start a new run' }: { readonly place: string; readonly otherwise?: string },
): Promise<{ state: TrainState; notes: TrainingNotes }> {
  const { step, counts, ...notes } = JSON.parse(new TextDecoder().decode(await read('state.json'))) as {
    step: number;
    counts: readonly number[];
  };
  if (!Array.isArray(counts)) {
    throw new VitrailError('corrupt-data', `${place} has no counts in state.json, so it is of an older version: ${otherwise}`);
  }
  const file = await read('model.safetensors');
  if (JSON.stringify(readVitrailMetadata(decodeSafetensors(file).metadata)) !== JSON.stringify(model.describe(tokenizer))) {
    throw new VitrailError(
      'invalid-argument',
      `${place} was trained on captions of other words: the data has changed since; ${otherwise}`,
    );
  }
  const tree = async (name: TrainingFileName): Promise<TensorTree> => treeFromSafetensors(await read(name));
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
  return { state, notes };
}
