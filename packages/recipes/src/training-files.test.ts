import { createRng, type TensorTree } from '@vitrail/core';
import { wordTokenizer } from '@vitrail/text';
import { disposeState, initTrainState, type TrainState } from '@vitrail/train';
import { describe, expect, it } from 'vitest';
import { tinyConfig, tokenizer } from '../test/tiny-system.ts';
import { findRecipe } from './registry.ts';
import { readTrainingFiles, type TrainingFileName, trainingFiles } from './training-files.ts';

const system = findRecipe('tipsv2').recipe.assemble(tinyConfig);
const { model } = system;
const fresh = (): TrainState<TensorTree, TensorTree> => initTrainState(system.program.init(createRng(3)), system.optimizer);

async function written(notes = {}): Promise<Record<TrainingFileName, Uint8Array>> {
  const state = fresh();
  const files = await trainingFiles({ ...state, step: 12 }, { model, tokenizer }, notes).finally(() => disposeState(state));
  const bytes = (content: Uint8Array | string) => (typeof content === 'string' ? new TextEncoder().encode(content) : content);
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [name, bytes(content)])) as never;
}

describe('training files', () => {
  it('give back the step and the notes', async () => {
    const files = await written({ badSamples: 2 });
    const { state, notes } = await readTrainingFiles(async (name) => files[name], { model, tokenizer }, { place: 'here' });
    expect(state.step).toBe(12);
    expect(notes).toEqual({ badSamples: 2 });
    disposeState(state);
  });

  // Ids of other words would mean other texts to the same tower.
  it('are refused for another tokenizer, and where steps were not counted yet', async () => {
    const files = await written();
    const other = wordTokenizer({ words: ['another'], maxTokens: tokenizer.maxTokens });
    await expect(readTrainingFiles(async (name) => files[name], { model, tokenizer: other }, { place: 'here' })).rejects.toThrow(
      'here was trained on captions of other words: the data has changed since; start a new run',
    );
    const older = { ...files, 'state.json': new TextEncoder().encode('{"step":12}') };
    await expect(readTrainingFiles(async (name) => older[name], { model, tokenizer }, { place: 'here' })).rejects.toThrow(
      'here has no counts in state.json',
    );
  });
});
