import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Tensor } from '@tensorflow/tfjs-core';
import { latestCheckpoint } from '@vitrail/checkpoints/node';
import { countParameters, createRng, type TensorTree, VitrailError } from '@vitrail/core';
import { type BadSample, loadBatches } from '@vitrail/data';
import { valuesAreOnHost } from '@vitrail/ops';
import { describedModel } from '@vitrail/pretrained';
import { modelTensors, type RunConfiguration, type System } from '@vitrail/recipes';
import type { Tokenizer } from '@vitrail/text';
import {
  createTrainStep,
  disposeState,
  initTrainState,
  type NonFiniteGuard,
  nonFiniteGuard,
  runLoop,
  type StepNumbers,
  type StepReport,
  type TrainState,
  unlessLost,
} from '@vitrail/train';
import { createProgress, writeJson } from '@vitrail/train/node';
import { chosenReadout } from '../evaluation/segmentation.ts';
import { hearSignals } from '../event-loop.ts';
import { drawPictures } from '../pictures/draw-pictures.ts';
import { loadLatestState, saveState } from './checkpointing.ts';
import { openGpuProfile } from './gpu-profile.ts';
import { metricMeans, openMetricWindow } from './metric-window.ts';
import { openPace } from './pace.ts';
import { runEvaluation } from './run-evaluation.ts';
import type { Start } from './starting-weights.ts';
import { type RunSummary, summaryPath } from './summary.ts';
import { openTrackers } from './trackers.ts';
import type { TrainingData } from './training-data.ts';

/** Steps in a row that may be left out because their numbers are not finite. */
const mostSkipped = 10;
/** With scaled losses so many more: as often can the scale be halved. */
const mostHalvings = 24;

/** What a run is made of. */
export type Run = {
  directory: string;
  system: System<TensorTree, TensorTree, unknown>;
  config: RunConfiguration;
  /** What is trained on before the first step, taken over; fresh parameters without, and not looked at where there is a checkpoint. */
  start?: Start;
  /** Of a system that reads captions, or whose model does. */
  tokenizer?: Tokenizer;
  data: TrainingData;
  backend: string;
  /** Of activations; with `f16` the loss is scaled. `f32` by default. */
  precision?: 'f32' | 'f16';
  resume: boolean;
  signal: AbortSignal;
  /** Whether the kernels of a few steps are timed, on webgpu. */
  profile?: boolean;
  /** Resolves, to the reason, when the device is lost. */
  lost?: Promise<string>;
};

/**
 * Trains a system in its run directory, from the start or from the newest checkpoint, and measures it at the end.
 *
 * `summary.json` says how it ended, also when it failed; while it runs there is none.
 *
 * On a GPU the numbers of a step are read when they are logged, or a checkpoint or an evaluation waits for the device anyway, or so many
 * updates may have been left out in a row that the run has to stop.
 *
 * @throws what keeps a run from going on: numbers that are not finite, data that has gone bad, a disk that is full, a device that was lost.
 */
export async function trainRun({
  directory,
  system,
  config,
  start,
  tokenizer,
  data,
  backend,
  precision = 'f32',
  resume,
  signal,
  profile = false,
  lost,
}: Run): Promise<RunSummary> {
  const { train } = config;
  const checkpoints = join(directory, 'checkpoints');
  const { model } = system;
  const saved = resume ? await loadLatestState(checkpoints, { model, tokenizer }) : undefined;
  const fresh = () => initTrainState(start ?? system.program.init(createRng(train.seed).fork('init')), system.optimizer);
  const initial: TrainState = saved?.state ?? fresh();
  const towers = modelTensors(model, initial) as { image: TensorTree; text?: TensorTree };
  const parameters = {
    image: countParameters(towers.image),
    ...(towers.text && { text: countParameters(towers.text) }),
    training: countParameters(initial.params) + countParameters(initial.carried),
  };
  const done = {
    step: initial.step,
    skipped: (saved && (await saved.state.ledger.counts.data())[0]) ?? 0,
    badSamples: saved?.badSamples ?? 0,
    images: 0,
    seconds: 0,
  };
  const unlogged = openMetricWindow(saved?.unlogged);
  await rm(summaryPath(directory), { force: true }); // That of an earlier process.
  const trackers = openTrackers(directory, initial.step);
  const progress = createProgress({ total: train.steps, start: initial.step, stream: process.stderr });
  const note = ({ key, reason }: BadSample) => progress.note(`skipped ${key}: ${reason}`);
  const evaluation = runEvaluation({ source: data.evaluation, samples: train.evaluateSamples, trackers, note, signal });
  const batches = loadBatches(data.train, {
    batchSize: train.batchSize,
    views: system.views ?? config.views,
    seed: train.seed,
    requireCaptions: config.captions !== undefined,
    startStep: initial.step * train.accumulate,
    prefetch: 2,
    onBadSample(bad) {
      done.badSamples++;
      note(bad);
    },
  });
  const modelNow = (state: TrainState) => describedModel(model.describe(tokenizer), modelTensors(model, state), tokenizer);
  async function save(state: TrainState): Promise<void> {
    const sums = await unlogged.read();
    const { keepCheckpoints: keep } = train;
    await saveState(checkpoints, state, { model, tokenizer, keep, badSamples: done.badSamples, unlogged: sums });
  }
  /** The evaluation of the last step is the final one. */
  const hasEvaluation = (step: number) => step > 0 && step % train.evaluateEvery === 0 && step < train.steps;
  const hasCheckpoint = (step: number) => step % train.checkpointEvery === 0 || step === train.steps;
  const hasRow = (step: number) => step % train.logEvery === 0 || step === 1 || step === train.steps;
  /** Steps whose numbers are read: all where that costs nothing. The first one of a process has the first number to show. */
  const isRead = (step: number) =>
    valuesAreOnHost() || hasRow(step) || hasCheckpoint(step) || hasEvaluation(step) || step === initial.step + 1;
  /** The evaluation of a step that has one. A resumed run makes up for one that was interrupted. */
  const evaluateIfDue = async (state: TrainState) => {
    if (hasEvaluation(state.step) && !trackers.hasEvaluation(state.step)) await evaluation.quick(modelNow(state), state.step);
  };
  const started = performance.now();
  let deviceWasLost = false;
  lost?.then(() => {
    deviceWasLost = true;
  });

  const lossScaling = precision === 'f16';
  const nonFinite = nonFiniteGuard({ maximumRun: mostSkipped + (lossScaling ? mostHalvings : 0) });
  const guard: NonFiniteGuard = {
    ...nonFinite,
    check(step, numbers) {
      done.step = step;
      noteLeftOut(step, numbers);
      nonFinite.check(step, numbers);
    },
  };

  function noteLeftOut(step: number, { metrics, skipped, lossScale }: StepNumbers): void {
    const count = skipped - done.skipped;
    done.skipped = skipped;
    if (count === 0) return;
    const which =
      count === 1 && isRead(step - 1) ? `step ${step}` : `${count} ${count === 1 ? 'step' : 'steps'} up to step ${step}`;
    const names = Object.entries(metrics).filter(([, value]) => !Number.isFinite(value));
    const why = names.length > 0 ? `: ${names.map(([name, value]) => `${name} is ${value}`).join(', ')}` : '';
    progress.note(`${which} left out${why}${lossScaling ? `; the loss is scaled by ${lossScale} from now on` : ''}`);
  }

  const imagesPerStep = train.batchSize * train.accumulate;
  const pace = openPace();
  const gpuProfile = profile ? openGpuProfile(directory, { start: initial.step }) : undefined;
  /** Steps since numbers were last read, which on a GPU is when it is known how long they took. */
  let unread = { steps: 0, seconds: 0 };
  let shown: { loss: number; imagesPerSecond: number } | undefined;

  async function afterStep({ state, names, counted, numbers, seconds }: StepReport<TensorTree, TensorTree>): Promise<void> {
    const { step } = state;
    done.step = step;
    unlogged.add(names, counted);
    unread = { steps: unread.steps + 1, seconds: unread.seconds + seconds };
    if (numbers === undefined) unread.seconds += await pace();
    else {
      shown = { loss: numbers.metrics.loss, imagesPerSecond: (imagesPerStep * unread.steps) / unread.seconds };
      unread = { steps: 0, seconds: 0 };
    }
    if (shown !== undefined) progress.update({ step, ...shown });
    if (numbers !== undefined && hasRow(step)) await logRow(state, numbers);
    await gpuProfile?.afterStep(step);
    await hearSignals();
    await evaluateIfDue(state);
    if (hasCheckpoint(step)) await save(state);
    const images = done.images + imagesPerStep;
    Object.assign(done, { images, seconds: (performance.now() - started) / 1000 });
  }

  /** A row of means over the steps since the last one. */
  async function logRow({ step, params }: TrainState, { metrics }: StepNumbers): Promise<void> {
    const { logitScale } = params;
    const [sums, scale] = await Promise.all([unlogged.read(), logitScale instanceof Tensor ? logitScale.data() : undefined]);
    unlogged.clear();
    const means = sums.steps > 0 ? metricMeans(sums) : metrics; // A step that was left out has its own message.
    const temperature = scale && { temperature: Math.exp(-scale[0]) };
    const imagesPerSecond = shown?.imagesPerSecond ?? 0;
    trackers.log({ step, split: 'train', ...means, lr: system.learningRate(step - 1), ...temperature, imagesPerSecond });
  }

  /** The final evaluation and the pictures of the report; the status is `interrupted` when there was no time for them. */
  async function finish(state: TrainState, status: 'completed' | 'interrupted'): Promise<Pick<RunSummary, 'status' | 'eval'>> {
    if (status === 'interrupted') {
      await save(state);
      [done.skipped] = await state.ledger.counts.data();
      return { status };
    }
    const result = await evaluation.final(modelNow(state), state.step);
    if (result === undefined) return { status: 'interrupted' };
    const now = modelNow(state);
    const pictures = await drawPictures(now, data.evaluation, chosenReadout(result));
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
    await unlessLost(evaluateIfDue(initial), lost);
    const { state, status } = await runLoop({
      state: initial,
      steps: train.steps,
      trainStep: createTrainStep({ ...system, maximumNorm: config.optimizer.maximumNorm, lossScaling }),
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
      reads: isRead,
      signal,
      lost,
    });
    progress.finish();
    try {
      const summary = summarize(await unlessLost(finish(state, status), lost));
      await writeJson(summaryPath(directory), summary);
      return summary;
    } finally {
      disposeState(state);
    }
  } catch (caught) {
    // A step on a device that was lost may throw before the device says so: then that is the reason.
    const reason = await unlessLost(Promise.reject(caught), lost).catch((error: Error) => error);
    const error = deviceWasLost ? await afterLoss(reason, done.step, checkpoints) : reason;
    // On a full disk the summary may be lost too; the reason to report is the one that came first.
    await writeJson(summaryPath(directory), summarize({ status: 'failed', reason: (error as Error).message })).catch(() => {});
    throw error;
  } finally {
    // Of a device that was lost there are no times.
    const wasTimed = await gpuProfile?.finish().catch(() => false);
    if (wasTimed === false) progress.note('--profile timed no step: the third is the first that it times');
    progress.finish();
    unlogged.clear();
    system.dispose?.();
    await batches.return(undefined);
    await trackers.close();
  }
}

/** What to tell of a device that was lost: what became of the run, and how it goes on. */
async function afterLoss({ message }: Error, step: number, checkpoints: string): Promise<VitrailError> {
  const latest = await latestCheckpoint(checkpoints);
  const rest = latest
    ? `The last good checkpoint is that of step ${latest.step} (${latest.path}): --resume goes on from there`
    : 'There is no checkpoint yet: --resume starts from the beginning';
  return new VitrailError('unavailable', `${message} (after step ${step}). ${rest}`);
}
