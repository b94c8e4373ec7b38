import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { countParameters, createRng, disposeTree, type TensorTree } from '@vitrail/core';
import { type BadSample, loadBatches } from '@vitrail/data';
import type { DualEncoderConfiguration, DualEncoderParams, System } from '@vitrail/recipes';
import type { Tokenizer } from '@vitrail/text';
import {
  createTrainStep,
  initTrainState,
  type NonFiniteGuard,
  nonFiniteGuard,
  runLoop,
  type StepReport,
  type TrainState,
} from '@vitrail/train';
import { createProgress, writeJson } from '@vitrail/train/node';
import { chosenReadout } from '../evaluation/segmentation.ts';
import { hearSignals } from '../event-loop.ts';
import { modelOf } from '../model.ts';
import { drawPictures } from '../pictures/draw-pictures.ts';
import { loadLatestState, saveState } from './checkpointing.ts';
import { addStep, emptyWindow, windowMeans } from './metric-window.ts';
import { runEvaluation } from './run-evaluation.ts';
import { type RunSummary, summaryPath } from './summary.ts';
import { openTrackers } from './trackers.ts';
import type { TrainingData } from './training-data.ts';

/** Steps in a row that may be left out because their numbers are not finite. */
const mostSkipped = 10;

type Params = DualEncoderParams & TensorTree;
type State = TrainState<Params, TensorTree>;

/** What a run is made of. */
export type Run = {
  directory: string;
  system: System<Params, TensorTree, unknown>;
  config: DualEncoderConfiguration;
  tokenizer: Tokenizer;
  data: TrainingData;
  backend: string;
  resume: boolean;
  signal: AbortSignal;
};

/**
 * Trains a system in its run directory, from the start or from the newest checkpoint, and measures it at the end.
 *
 * `summary.json` says how it ended, also when it failed; while it runs there is none.
 *
 * @throws what keeps a run from going on: numbers that are not finite, data that has gone bad, a disk that is full.
 */
export async function trainRun({
  directory,
  system,
  config,
  tokenizer,
  data,
  backend,
  resume,
  signal,
}: Run): Promise<RunSummary> {
  const { train } = config;
  const checkpoints = join(directory, 'checkpoints');
  const description = { vit: system.encoder.vit, text: system.encoder.text, tokenizer: tokenizer.toJSON() };
  const saved = resume ? await loadLatestState(checkpoints, description) : undefined;
  const initial = (saved ?? initTrainState(system.program.init(createRng(train.seed).fork('init')), system.optimizer)) as State;
  const parameters = {
    image: countParameters(initial.params.image),
    text: countParameters(initial.params.text),
    training: countParameters(initial.params) + countParameters(initial.carried),
  };
  const done = { step: initial.step, skipped: initial.skipped, badSamples: saved?.badSamples ?? 0, images: 0, seconds: 0 };
  let unlogged = saved?.unlogged ?? emptyWindow;
  await rm(summaryPath(directory), { force: true }); // That of an earlier process.
  const trackers = openTrackers(directory, initial.step);
  const progress = createProgress({ total: train.steps, start: initial.step, stream: process.stderr });
  const note = ({ key, reason }: BadSample) => progress.note(`skipped ${key}: ${reason}`);
  const evaluation = runEvaluation({ source: data.evaluation, samples: train.evaluateSamples, trackers, note, signal });
  const batches = loadBatches(data.train, {
    batchSize: train.batchSize,
    views: config.views,
    seed: train.seed,
    startStep: initial.step * train.accumulate,
    prefetch: 2,
    onBadSample(bad) {
      done.badSamples++;
      note(bad);
    },
  });
  const modelNow = ({ params }: State) => modelOf(params, description, tokenizer);
  const save = (state: State) =>
    saveState(checkpoints, state, { description, keep: train.keepCheckpoints, badSamples: done.badSamples, unlogged });
  /** The evaluation of a step that has one; that of the last step is the final one. A resumed run makes up for one that was interrupted. */
  const evaluateIfDue = async (state: State) => {
    const isDue = state.step > 0 && state.step % train.evaluateEvery === 0 && state.step < train.steps;
    if (isDue && !trackers.hasEvaluation(state.step)) await evaluation.quick(modelNow(state), state.step);
  };
  const started = performance.now();

  const nonFinite = nonFiniteGuard({ maximumRun: mostSkipped });
  const guard: NonFiniteGuard = {
    check(step, outcome) {
      done.step = step;
      if (!outcome.applied) {
        done.skipped++;
        const names = Object.entries(outcome.metrics).filter(([, value]) => !Number.isFinite(value));
        progress.note(`step ${step} left out: ${names.map(([name, value]) => `${name} is ${value}`).join(', ')}`);
      }
      nonFinite.check(step, outcome);
    },
  };

  async function afterStep({ state, metrics, seconds, applied }: StepReport<Params, TensorTree>): Promise<void> {
    const { step } = state;
    const imagesPerStep = train.batchSize * train.accumulate;
    const rate = imagesPerStep / seconds;
    progress.update({ step, loss: metrics.loss, imagesPerSecond: rate });
    if (applied) unlogged = addStep(unlogged, metrics); // A step that was left out has its own message.
    if (step % train.logEvery === 0 || step === 1 || step === train.steps) {
      const temperature = Math.exp(-state.params.logitScale.dataSync()[0]);
      const means = unlogged.steps > 0 ? windowMeans(unlogged) : metrics;
      unlogged = emptyWindow;
      trackers.log({ step, split: 'train', ...means, lr: system.learningRate(step - 1), temperature, imagesPerSecond: rate });
    }
    await hearSignals();
    await evaluateIfDue(state);
    if (step % train.checkpointEvery === 0 || step === train.steps) await save(state);
    const images = done.images + imagesPerStep;
    Object.assign(done, { images, seconds: (performance.now() - started) / 1000 });
  }

  /** The final evaluation and the pictures of the report; the status is `interrupted` when there was no time for them. */
  async function finish(state: State, status: 'completed' | 'interrupted'): Promise<Pick<RunSummary, 'status' | 'eval'>> {
    if (status === 'interrupted') {
      await save(state);
      return { status };
    }
    const result = await evaluation.final(modelNow(state), state.step);
    if (result === undefined) return { status: 'interrupted' };
    const pictures = await drawPictures(modelNow(state), data.evaluation, chosenReadout(result));
    await writeJson(join(directory, 'pictures.json'), pictures);
    return { status, eval: result };
  }

  /** The summary of a run that ended in this way, with whatever else `ending` says. */
  function summarize({ status, ...ending }: Pick<RunSummary, 'status' | 'reason' | 'eval'>): RunSummary {
    return {
      status,
      steps: done.step,
      seconds: done.seconds,
      imagesPerSecond: done.seconds > 0 ? done.images / done.seconds : 0,
      backend,
      parameters,
      skippedSteps: done.skipped,
      badSamples: done.badSamples + evaluation.badPictures(),
      ...ending,
    };
  }

  try {
    await evaluateIfDue(initial);
    const { state, status } = await runLoop({
      state: initial,
      steps: train.steps,
      trainStep: createTrainStep({ ...system, maximumNorm: config.optimizer.maximumNorm }),
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
      guard,
      signal,
    });
    progress.finish();
    try {
      const summary = summarize(await finish(state, status));
      await writeJson(summaryPath(directory), summary);
      return summary;
    } finally {
      disposeTree(state.params, state.carried, state.optimizer);
    }
  } catch (error) {
    // On a full disk the summary may be lost too; the reason to report is the one that came first.
    await writeJson(summaryPath(directory), summarize({ status: 'failed', reason: (error as Error).message })).catch(() => {});
    throw error;
  } finally {
    progress.finish();
    await batches.return(undefined);
    await trackers.close();
  }
}
