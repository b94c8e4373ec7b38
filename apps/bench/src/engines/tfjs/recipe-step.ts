import { createRng } from '@vitrail/core';
import { loadBatches } from '@vitrail/data';
import { openSource } from '@vitrail/data/node';
import { findRecipe } from '@vitrail/recipes';
import { wordTokenizer } from '@vitrail/text';
import { createTrainStep, disposeState, initTrainState } from '@vitrail/train';
import type { Prepared } from '../engine.ts';

/** Ids of a word tokenizer that are no words: padding and the 256 bytes. */
const reservedIds = 257;

/** A training step as `vitrail pretrain` puts it together, on one batch of the preset's own data. */
export async function prepareRecipeStep(name: string): Promise<Prepared> {
  const { recipe, preset } = findRecipe(name);
  const { data, text, train, views, optimizer } = preset.config;
  if (text === undefined) throw new Error(`${name} trains no text tower: it has no captions to measure a step with`);
  const source = await openSource(data.train);
  const words = source.words?.slice(0, text.vocabularySize - reservedIds) ?? [];
  const tokenizer = wordTokenizer({ words: [...words], maxTokens: text.maxTokens });
  const system = recipe.assemble({ ...preset.config, text: { ...text, vocabularySize: tokenizer.vocabularySize } });
  const batches = loadBatches(source, {
    batchSize: train.batchSize,
    views: system.views ?? views,
    seed: train.seed,
    prefetch: 1,
  });
  const loaded = await batches.next();
  await batches.return(undefined);
  await source.close();
  if (loaded.done) throw new Error(`${data.train} gave no batch`);
  const batch = system.prepare(tokenizer, loaded.value);
  const trainStep = createTrainStep({ ...system, maximumNorm: optimizer.maximumNorm });
  let state = initTrainState(system.program.init(createRng(train.seed).fork('init')), system.optimizer);
  let loss = 0;
  return {
    async run(repeats) {
      for (let i = 0; i < repeats; i++) {
        const { read, ...outcome } = trainStep(state, [batch]);
        state = outcome.state;
        if (i === repeats - 1) loss = (await read()).metrics.loss;
      }
    },
    value: () => loss,
    release() {
      system.release(batch);
      disposeState(state);
    },
  };
}
