import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { clone } from '@tensorflow/tfjs-core';
import type { FewShotClassifier } from '@vitrail/adapt';
import { replaceFile } from '@vitrail/checkpoints/node';
import { cosine, countShapes, createRng, mapTree, type TensorTree, warmup } from '@vitrail/core';
import type { BadSample } from '@vitrail/data';
import { adamw } from '@vitrail/optim';
import type { Model } from '@vitrail/pretrained';
import { createTrainStep, disposeState, initTrainState, nonFiniteGuard, runLoop, type StepReport } from '@vitrail/train';
import { createProgress, writeJson } from '@vitrail/train/node';
import { hearSignals } from '../event-loop.ts';
import { summaryPath } from '../training/summary.ts';
import { openTrackers } from '../training/trackers.ts';
import { type Accuracy, measureAccuracy } from './accuracy.ts';
import { type AdaptationState, loadAdaptation, saveAdaptation } from './adaptation-state.ts';
import type { AdaptationSummary } from './adaptation-summary.ts';
import { type AdapterOrigin, encodeAdapter } from './adapter-file.ts';
import { fewShotTraining } from './few-shot-program.ts';
import type { Shots } from './shots.ts';

/** Steps between two checkpoints. */
const checkpointEvery = 50;
/** Steps in a row that may be left out because their numbers are not finite. */
const mostSkipped = 10;

/** What an adaptation is made of. */
export type Adaptation = {
  directory: string;
  model: Model;
  /** The model as it came. */
  zeroShot: FewShotClassifier;
  /** What is trained. */
  classifier: FewShotClassifier;
  /** Parameters to start from in place of fresh ones; they stay the caller's. */
  start?: TensorTree;
  shots: Shots;
  origin: AdapterOrigin;
  train: { steps: number; batchSize: number; learningRate: number; seed: number };
  /** Numbers in both towers. */
  modelParameters: number;
  backend: string;
  precision: 'f32' | 'f16';
  resume: boolean;
  signal: AbortSignal;
  /** Resolves, to the reason, when the device is lost. */
  lost?: Promise<string>;
};

/**
 * Trains a classifier on the shots in its run directory, from the start or from the newest checkpoint, and measures it on the rest, beside the
 * zero-shot classifier. `finish` is called with what was trained, once all steps are done.
 *
 * AdamW without decay, a warm-up of 3 % and a cosine to zero, gradients clipped at a norm of 1.
 *
 * @throws what keeps a run from going on: numbers that are not finite, a disk that is full, a device that was lost.
 */
export async function adapt(run: Adaptation, finish: (own: TensorTree) => Promise<void>): Promise<AdaptationSummary> {
  const { directory, model, classifier, shots, origin, train, signal } = run;
  const checkpoints = join(directory, 'checkpoints');
  const warmupSteps = Math.round(0.03 * train.steps);
  const decay = cosine({ from: train.learningRate, to: 0, steps: Math.max(1, train.steps - warmupSteps) });
  const learningRate = warmup(decay, warmupSteps);
  const optimizer = adamw({ learningRate });
  const saved = run.resume ? await loadAdaptation(checkpoints) : undefined;
  const fresh = () =>
    run.start ? mapTree(run.start, (leaf) => clone(leaf)) : classifier.init(createRng(train.seed).fork('init'));
  const initial: AdaptationState = saved ?? initTrainState({ params: fresh(), carried: {} }, optimizer);
  let latest: AdaptationState | undefined = initial;
  const done = { step: initial.step, seconds: 0, skipped: 0 };

  await rm(summaryPath(directory), { force: true }); // That of an earlier process.
  const trackers = openTrackers(directory, initial.step);
  const progress = createProgress({ total: train.steps, start: initial.step, stream: process.stderr });
  const onBadSample = ({ key, reason }: BadSample) => progress.note(`skipped ${key}: ${reason}`);
  const measure = (which: FewShotClassifier, own: TensorTree) =>
    measureAccuracy(which, own, shots.rest, { model, count: shots.rest.size, onBadSample, signal });
  /** `undefined` when it was interrupted. */
  const unlessInterrupted = (work: Promise<Accuracy>) =>
    work.catch((error: unknown) => {
      if (signal.aborted && error === signal.reason) return undefined;
      throw error;
    });
  const summarize = (ending: Pick<AdaptationSummary, 'status' | 'reason' | 'eval'>): AdaptationSummary => ({
    ...ending,
    method: origin.method,
    steps: done.step,
    seconds: done.seconds,
    backend: run.backend,
    parameters: { trained: countShapes(classifier.shapes), model: run.modelParameters },
    skippedSteps: done.skipped,
  });
  async function afterStep({ state, numbers, seconds }: StepReport<TensorTree, Record<string, never>>): Promise<void> {
    const { step } = state;
    latest = undefined; // The loop's.
    const images = Math.min(train.batchSize, shots.train.size);
    Object.assign(done, { step, seconds: done.seconds + seconds, skipped: numbers?.skipped ?? done.skipped });
    if (numbers !== undefined) {
      progress.update({ step, loss: numbers.metrics.loss, imagesPerSecond: images / seconds });
      trackers.log({ step, split: 'train', ...numbers.metrics, lr: learningRate(step - 1), imagesPerSecond: images / seconds });
    }
    await hearSignals();
    if (step % checkpointEvery === 0 || step === train.steps) await saveAdaptation(checkpoints, state, origin);
  }

  let training: Awaited<ReturnType<typeof fewShotTraining>> | undefined;
  try {
    const prepared = await fewShotTraining(classifier, initial.params, shots.train, { model, ...train });
    training = prepared;
    const zeroShot = await unlessInterrupted(measure(run.zeroShot, {}));
    latest = undefined;
    const { state, status } = await runLoop({
      state: initial,
      steps: train.steps,
      trainStep: createTrainStep({ program: prepared.program, optimizer, maximumNorm: 1, lossScaling: run.precision === 'f16' }),
      nextBatches: nextBatches(prepared.batch, initial.step),
      release: prepared.release,
      afterStep,
      guard: nonFiniteGuard({ maximumRun: mostSkipped }),
      signal,
      lost: run.lost,
    });
    latest = state;
    progress.finish();
    const adapted = status === 'completed' && zeroShot ? await unlessInterrupted(measure(classifier, state.params)) : undefined;
    if (status === 'interrupted') await saveAdaptation(checkpoints, state, origin);
    if (zeroShot === undefined || adapted === undefined) {
      const summary = summarize({ status: 'interrupted' });
      await writeJson(summaryPath(directory), summary);
      return summary;
    }
    const chance = { top1: 1 / origin.classNames.length };
    const result = { pictures: shots.rest.size, chance, zeroShot, adapted };
    trackers.logEvaluation(state.step, result);
    await replaceFile(join(directory, 'adapter.safetensors'), await encodeAdapter(state.params, origin));
    await finish(state.params);
    const summary = summarize({ status: 'completed', eval: result });
    await writeJson(summaryPath(directory), summary);
    return summary;
  } catch (error) {
    // On a full disk the summary may be lost too; the reason to report is the one that came first.
    await writeJson(summaryPath(directory), summarize({ status: 'failed', reason: (error as Error).message })).catch(() => {});
    throw error;
  } finally {
    progress.finish();
    training?.dispose();
    if (latest !== undefined) disposeState(latest);
    await trackers.close();
  }
}

/** The batches of the steps from `step` on, one at a call. */
function nextBatches<Batch>(batch: (step: number) => Promise<Batch>, step: number): () => Promise<readonly Batch[]> {
  let next = step;
  return async () => [await batch(next++)];
}
