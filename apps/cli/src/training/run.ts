import { join } from 'node:path';
import { countParameters, createRng, disposeTree, type TensorTree } from '@vitrail/core';
import { loadBatches } from '@vitrail/data';
import type { DualEncoderConfiguration, DualEncoderParams, System } from '@vitrail/recipes';
import type { Tokenizer } from '@vitrail/text';
import { createTrainStep, initTrainState, nonFiniteGuard, runLoop, type StepReport, type TrainState } from '@vitrail/train';
import { createProgress, writeJson } from '@vitrail/train/node';
import { chosenReadout } from '../evaluation/segmentation.ts';
import { type EvaluationResult, evaluateModel, possibleTasks, type TaskName } from '../evaluation/tasks.ts';
import { modelMetadata, modelOf } from '../model.ts';
import { drawPictures } from '../pictures/draw-pictures.ts';
import { loadLatestState, saveState } from './checkpointing.ts';
import { openTrackers } from './trackers.ts';
import type { TrainingData } from './training-data.ts';

/** `summary.json`. Seconds and images/s are those of the process that ended the run. */
export type RunSummary = {
  status: 'completed' | 'interrupted';
  steps: number;
  seconds: number;
  imagesPerSecond: number;
  backend: string;
  parameters: { image: number; text: number; training: number };
  skippedSteps: number;
  badSamples: number;
  eval?: EvaluationResult;
};

/** What is measured during a run; the rest waits for its end. */
const quickTasks: readonly TaskName[] = ['zero-shot-segmentation', 'retrieval'];

type Params = DualEncoderParams & TensorTree;
type State = TrainState<Params, TensorTree>;

/** Trains a system in its run directory, from the start or from the newest checkpoint, and measures it at the end. */
export async function trainRun({
  directory,
  system,
  config,
  tokenizer,
  data,
  backend,
  resume,
  signal,
}: {
  directory: string;
  system: System<Params, TensorTree, unknown>;
  config: DualEncoderConfiguration;
  tokenizer: Tokenizer;
  data: TrainingData;
  backend: string;
  resume: boolean;
  signal: AbortSignal;
}): Promise<RunSummary> {
  const { train } = config;
  const { encoder } = system;
  const checkpoints = join(directory, 'checkpoints');
  const saved = resume ? await loadLatestState(checkpoints) : undefined;
  let badSamples = saved?.badSamples ?? 0;
  const initial = (saved ?? initTrainState(system.program.init(createRng(train.seed).fork('init')), system.optimizer)) as State;
  const trackers = openTrackers(directory, initial.step);
  const progress = createProgress({ total: train.steps, start: initial.step, stream: process.stderr });
  const description = { vit: encoder.vit, text: encoder.text, tokenizer: tokenizer.toJSON() };
  const modelNow = (state: State) => modelOf(state.params, description, tokenizer);
  const save = (state: State) =>
    saveState(checkpoints, state, { metadata: modelMetadata(description), keep: train.keepCheckpoints, badSamples });

  const batches = loadBatches(data.train, {
    batchSize: train.batchSize,
    views: config.views,
    seed: train.seed,
    startStep: initial.step * train.accumulate,
    prefetch: 2,
    onBadSample({ key, reason }) {
      badSamples++;
      progress.note(`skipped ${key}: ${reason}`);
    },
  });
  const started = performance.now();
  let images = 0;

  async function afterStep({ state, metrics, seconds }: StepReport<Params, TensorTree>): Promise<void> {
    const { step } = state;
    const imagesPerStep = train.batchSize * train.accumulate;
    images += imagesPerStep;
    const rate = imagesPerStep / seconds;
    progress.update({ step, loss: metrics.loss, imagesPerSecond: rate });
    if (step % train.logEvery === 0 || step === 1) {
      const temperature = Math.exp(-state.params.logitScale.dataSync()[0]);
      trackers.log({ step, split: 'train', ...metrics, lr: system.learningRate(step - 1), temperature, imagesPerSecond: rate });
    }
    if (step % train.evaluateEvery === 0 && step < train.steps) {
      const tasks = possibleTasks(data.evaluation).filter((task) => quickTasks.includes(task));
      const result = await evaluateModel(modelNow(state), data.evaluation, { samples: train.evaluateSamples, tasks });
      trackers.logEvaluation(step, result);
    }
    if (step % train.checkpointEvery === 0 || step === train.steps) await save(state);
  }

  try {
    const { state, status } = await runLoop({
      state: initial,
      steps: train.steps,
      trainStep: createTrainStep({
        program: system.program,
        optimizer: system.optimizer,
        maximumNorm: config.optimizer.maximumNorm,
      }),
      nextBatches: async () => {
        const prepared: unknown[] = [];
        for (let i = 0; i < train.accumulate; i++) {
          const next = await batches.next();
          if (!next.done) prepared.push(system.prepare(tokenizer, next.value)); // There is always a next one.
        }
        return prepared;
      },
      release: system.release,
      afterStep,
      guard: nonFiniteGuard({ maximumRun: 10 }),
      signal,
    });
    progress.finish();
    const seconds = (performance.now() - started) / 1000;
    const summary: RunSummary = {
      status,
      steps: state.step,
      seconds,
      imagesPerSecond: images / seconds,
      backend,
      parameters: {
        image: countParameters(state.params.image),
        text: countParameters(state.params.text),
        training: countParameters(state.params) + countParameters(state.carried),
      },
      skippedSteps: state.skipped,
      badSamples,
    };
    if (status === 'interrupted') {
      await save(state);
    } else {
      summary.eval = await evaluateModel(modelNow(state), data.evaluation, { samples: 4 * train.evaluateSamples });
      trackers.logEvaluation(state.step, summary.eval);
      await writeJson(
        join(directory, 'pictures.json'),
        await drawPictures(modelNow(state), data.evaluation, chosenReadout(summary.eval)),
      );
    }
    await writeJson(join(directory, 'summary.json'), summary);
    disposeTree(state.params, state.carried, state.optimizer);
    return summary;
  } finally {
    await batches.return(undefined);
    await trackers.close();
  }
}
