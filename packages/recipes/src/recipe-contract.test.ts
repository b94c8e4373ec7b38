import { memory } from '@tensorflow/tfjs-core';
import { createRng } from '@vitrail/core';
import type { OpenedModel } from '@vitrail/pretrained';
import { onBackend } from '@vitrail/testing';
import { createTrainStep, disposeState, initTrainState } from '@vitrail/train';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fiveStepsAndTwoAndThree } from '../test/exact-resume.ts';
import { shrunkPreset } from '../test/shrunk-preset.ts';
import { hostBatch, tokenizer } from '../test/tiny-system.ts';
import { tinyTeacher } from '../test/tiny-teacher.ts';
import { recipes } from './index.ts';

onBackend(['wasm'], () => {
  let teacher: OpenedModel;
  beforeAll(async () => {
    teacher = await tinyTeacher();
  });
  afterAll(() => teacher.dispose());

  describe.each(recipes.map((recipe) => [recipe.name, recipe] as const))('%s', (_, recipe) => {
    const config = shrunkPreset(recipe);
    const { maximumNorm } = config.optimizer;
    const assemble = () => {
      const system = recipe.assemble(config, recipe.needs && teacher);
      const augmented = system.views?.augmented?.length ?? 0;
      return { system, batchAt: (step: number) => hostBatch(config, step, { augmented }) };
    };

    it('trains five steps with finite numbers, and holds as many tensors after every one', () => {
      const { system, batchAt } = assemble();
      const trainStep = createTrainStep({ ...system, maximumNorm });
      let state = initTrainState(system.program.init(createRng(7)), system.optimizer);
      const alive: number[] = [];
      while (state.step < 5) {
        const batch = system.prepare(tokenizer, batchAt(state.step));
        const outcome = trainStep(state, [batch]);
        system.release(batch);
        state = outcome.state;
        const [updates, ...numbers] = outcome.counted.dataSync();
        expect(updates).toBe(1);
        expect(numbers.every(Number.isFinite)).toBe(true);
        alive.push(memory().numTensors);
      }
      expect(new Set(alive).size).toBe(1);
      disposeState(state);
      system.dispose?.();
    });

    it('goes on from a checkpoint to the bit', async () => {
      const { system, batchAt } = assemble();
      const [atOnce, resumed] = await fiveStepsAndTwoAndThree(system, batchAt, { maximumNorm });
      expect(resumed).toEqual(atOnce);
      system.dispose?.();
    });
  });
});
