import { memory } from '@tensorflow/tfjs-core';
import { createRng, type TensorTree } from '@vitrail/core';
import { loadBatches } from '@vitrail/data';
import { valuesAreOnHost } from '@vitrail/ops';
import { describedModel } from '@vitrail/pretrained';
import { modelTensors, type RunConfiguration, readTrainingFiles, type System, trainingFiles } from '@vitrail/recipes';
import type { Tokenizer } from '@vitrail/text';
import {
  createTrainStep,
  disposeState,
  initTrainState,
  nonFiniteGuard,
  runLoop,
  type StepReport,
  type TrainState,
} from '@vitrail/train';
import type { KeptCheckpoint } from './opfs-checkpoints.ts';
import { type BadSamples, type TrainingData, withBad } from './train-data.ts';
import { type HeldOut, lookAtHeldOut } from './train-held-out.ts';
import { watchKernels } from './train-launches.ts';
import type { SessionHooks, StateFiles } from './train-progress.ts';
import { type TrainRow, withRows } from './train-rows.ts';

/** One run, from its first step or a checkpoint on. */
export type Session = {
  readonly step: number;
  /** Goes on until all steps are done, or the signal comes. @throws as `runLoop`: the session is over then. */
  run(signal: AbortSignal): Promise<'completed' | 'interrupted'>;
  /** The files of the state, between two steps. */
  stateFiles(): Promise<StateFiles>;
  /** Keeps the state after the step that is under way. */
  keepSoon(): void;
  /** What to look for in the held-out picture. */
  look(words: readonly string[]): void;
  dispose(): void;
};

/** What a session is made of. */
export type SessionParts = {
  readonly system: System<TensorTree, TensorTree, unknown>;
  readonly config: RunConfiguration;
  readonly data: TrainingData;
  readonly tokenizer: Tokenizer | undefined;
  readonly kept: KeptCheckpoint | undefined;
  readonly lost: Promise<string> | undefined;
  readonly hooks: SessionHooks;
};

/** What a checkpoint has beside the state. The command line has the first two as well. */
type Notes = {
  badSamples: number;
  unlogged: { steps: 0; sums: Record<string, never> };
  rows: readonly TrainRow[];
  scores: readonly TrainRow[];
};

/** Milliseconds between reports, between looks at the held-out picture (which take a tenth of the time at most), and between checkpoints. */
const every = { report: 100, look: 3000, keep: 30_000 };

/** Steps after which a GPU is waited for. */
const readEvery = 4;

/** Opens a run. */
export async function openSession({ system, config, data, tokenizer, kept, lost, hooks }: SessionParts): Promise<Session> {
  const { train } = config;
  const { model, optimizer } = system;
  const identity = { model, tokenizer };
  const saved = kept && (await readTrainingFiles((name) => kept.read(name), identity, { place: 'the kept run' }));
  const notes = saved?.notes as Notes | undefined;
  let state: TrainState | undefined =
    saved?.state ?? initTrainState(system.program.init(createRng(train.seed).fork('init')), optimizer);
  let rows = notes?.rows ?? [];
  let scores = notes?.scores ?? [];
  let bad: BadSamples = { count: notes?.badSamples ?? 0, latest: [] };
  let heldOut: HeldOut = data.heldOut;
  let lookIsDue = true;
  let keepIsDue = false;
  let lastLook = 0;
  let lookTook = 0;
  let lastKept = performance.now();
  let isRunning = false;
  let resting: Promise<unknown> = Promise.resolve();
  const waiting: (() => Promise<void>)[] = [];
  const pending = { rows: [] as TrainRow[], images: 0, seconds: 0, reported: 0 };
  const takeWork = watchKernels();
  let work = takeWork();
  let imagesPerSecond = 0;
  const step = createTrainStep({ ...system, maximumNorm: config.optimizer.maximumNorm });

  const living = (): TrainState => {
    if (state === undefined) throw new Error('this run is over');
    return state;
  };

  function report(): void {
    const { launches, peakBytes } = work;
    const progress = {
      step: living().step,
      rows: pending.rows,
      imagesPerSecond,
      launches,
      peakBytes,
      stateBytes: memory().numBytes,
      bad,
    };
    hooks.onProgress(progress);
    pending.rows = [];
    pending.reported = performance.now();
  }

  function write(): Promise<StateFiles> {
    const kept: Notes = { badSamples: bad.count, unlogged: { steps: 0, sums: {} }, rows, scores };
    return trainingFiles(living(), identity, kept);
  }

  async function look(): Promise<void> {
    const start = performance.now();
    const now = living();
    lookIsDue = false;
    const view = await lookAtHeldOut(
      describedModel(model.describe(tokenizer), modelTensors(model, now), tokenizer),
      heldOut,
      now.step,
    );
    const { mIoU } = view;
    if (mIoU !== undefined && scores.at(-1)?.step !== view.step) scores = withRows(scores, [{ step: view.step, mIoU }]);
    hooks.onView(view);
    lastLook = performance.now();
    lookTook = lastLook - start;
  }

  async function keep(): Promise<void> {
    keepIsDue = false;
    await hooks.keep?.(living().step, await write());
    lastKept = performance.now();
  }

  async function afterStep({ state: now, numbers, seconds }: StepReport<TensorTree, TensorTree>): Promise<void> {
    state = now;
    pending.images += train.batchSize * train.accumulate;
    pending.seconds += seconds;
    if (numbers !== undefined) {
      imagesPerSecond = pending.images / pending.seconds;
      Object.assign(pending, { images: 0, seconds: 0 });
      const row = { step: now.step, ...numbers.metrics };
      rows = withRows(rows, [row]);
      pending.rows.push(row);
      if (performance.now() - pending.reported > every.report) report();
    }
    while (waiting.length > 0) await waiting.shift()?.();
    const time = performance.now();
    if (lookIsDue || time - lastLook > Math.max(every.look, 10 * lookTook)) await look();
    if (keepIsDue || now.step % train.checkpointEvery === 0 || time - lastKept > every.keep) await keep();
  }

  /** Work on a state that no step may take the place of meanwhile. */
  function atRest<T>(work: () => Promise<T>): Promise<T> {
    const done = work();
    resting = Promise.allSettled([resting, done]);
    return done;
  }

  return {
    get step() {
      return living().step;
    },
    async run(signal) {
      await resting;
      const start = living();
      const batches = loadBatches(data.source, {
        batchSize: train.batchSize,
        views: system.views ?? config.views,
        seed: train.seed,
        requireCaptions: config.captions !== undefined,
        startStep: start.step * train.accumulate,
        onBadSample: (sample) => {
          bad = withBad(bad, sample);
        },
      });
      isRunning = true;
      try {
        if (rows.length === 0 || lookIsDue) await look();
        const ended = await runLoop({
          state: start,
          steps: train.steps,
          trainStep: (before, given) => {
            takeWork();
            const outcome = step(before, given);
            work = takeWork();
            return outcome;
          },
          nextBatches: async () => {
            const prepared: unknown[] = [];
            for (let i = 0; i < train.accumulate; i++) {
              const next = await batches.next();
              if (!next.done) prepared.push(system.prepare(tokenizer, next.value));
            }
            return prepared;
          },
          release: system.release,
          afterStep,
          guard: nonFiniteGuard({ maximumRun: 10 }),
          reads: (now) => valuesAreOnHost() || now % readEvery === 0 || now === 1 || now === train.steps,
          signal,
          lost,
        });
        state = ended.state;
        report();
        await look();
        await keep();
        return ended.status;
      } catch (error) {
        state = undefined; // The loop has disposed it.
        throw error;
      } finally {
        isRunning = false;
        await batches.return();
        for (const answer of waiting.splice(0)) await answer();
      }
    },
    stateFiles() {
      if (!isRunning) return atRest(write);
      return new Promise((resolve, reject) => waiting.push(() => write().then(resolve, reject)));
    },
    keepSoon() {
      keepIsDue = true;
    },
    look(words) {
      heldOut = { ...heldOut, words, truth: undefined, measured: [] }; // Classes are known of the words before.
      lookIsDue = true;
      if (!isRunning) void atRest(look);
    },
    dispose() {
      if (state !== undefined) disposeState(state);
      state = undefined;
      system.dispose?.();
    },
  };
}
