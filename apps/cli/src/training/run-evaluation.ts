import type { BadSample, SampleSource } from '@vitrail/data';
import type { Model } from '@vitrail/pretrained';
import type { EvaluationResult } from '../evaluation/evaluation-result.ts';
import { evaluateModel, possibleTasks, type TaskName } from '../evaluation/tasks.ts';
import type { RunTrackers } from './trackers.ts';

/** What is measured during a run, and of a model without texts; the rest waits for its end. */
const quickTasks: readonly TaskName[] = ['zero-shot-segmentation', 'retrieval'];
const quickTasksWithoutTexts: readonly TaskName[] = ['knn'];

/** The evaluations of one run; their numbers go to its trackers. One that is interrupted logs nothing. */
export type RunEvaluation = {
  /** A few measures of the model after `step` steps. */
  quick(model: Model, step: number): Promise<void>;
  /** All that the data allows, on four times as many pictures, nothing where it allows nothing; `undefined` when it was interrupted. */
  final(model: Model, step: number): Promise<EvaluationResult | undefined>;
  /** Pictures that could not be used so far, each counted once. */
  badPictures(): number;
};

/** Evaluations on `samples` pictures (the final one: four times as many). */
export function runEvaluation({
  source,
  samples,
  trackers,
  note,
  signal,
}: {
  source: SampleSource;
  samples: number;
  trackers: RunTrackers;
  note: (bad: BadSample) => void;
  signal: AbortSignal;
}): RunEvaluation {
  const bad = new Set<string>();
  const onBadSample = (sample: BadSample) => {
    if (!bad.has(sample.key)) note(sample);
    bad.add(sample.key);
  };

  async function measure(model: Model, step: number, amount: { samples: number; tasks?: readonly TaskName[] }) {
    try {
      const result = await evaluateModel(model, source, { ...amount, signal, onBadSample });
      trackers.logEvaluation(step, result);
      return result;
    } catch (error) {
      if (signal.aborted && error === signal.reason) return undefined;
      throw error;
    }
  }

  return {
    async quick(model, step) {
      const quick = model.encodesTexts ? quickTasks : quickTasksWithoutTexts;
      const tasks = (await possibleTasks(source, model)).filter((task) => quick.includes(task));
      if (tasks.length > 0) await measure(model, step, { samples, tasks });
    },
    async final(model, step) {
      const tasks = await possibleTasks(source, model);
      return tasks.length > 0 ? await measure(model, step, { samples: 4 * samples }) : {};
    },
    badPictures: () => bad.size,
  };
}
