import { type TensorTree, VitrailError } from '@vitrail/core';
import { unlessLost } from './device-loss.ts';
import type { StepNumbers } from './ledger.ts';
import type { NonFiniteGuard } from './non-finite-guard.ts';
import type { TrainState } from './program.ts';
import { disposeState, type StepOutcome, type TrainStep } from './train-step.ts';

/** What a loop reports after every step. */
export type StepReport<Params extends TensorTree, Carried extends TensorTree> = Omit<StepOutcome<Params, Carried>, 'read'> & {
  /** What the step did, where the loop has read it. */
  numbers: StepNumbers | undefined;
  /** Seconds from asking for the batch to the end of the update, or on a GPU, of a step that is not read, to its last launch. */
  seconds: number;
};

/** How a loop ended, with the state it ended in (the caller's to dispose). */
export type LoopResult<Params extends TensorTree, Carried extends TensorTree> = {
  state: TrainState<Params, Carried>;
  status: 'completed' | 'interrupted';
};

/**
 * Runs training steps until `steps` are done or `signal` is aborted, which is looked at between steps: a step is never cut in half.
 *
 * The loop owns the state while it runs: on any error the state is disposed, on return it is the caller's. Between steps the event loop
 * gets a turn, so that signals, timers and the page are served even when nothing else waits.
 *
 * @param options.steps where to stop, counted from the start of training and not of the call.
 * @param options.nextBatches the micro-batches of the next step.
 * @param options.release is called for every one of them after the step, also when the step throws.
 * @param options.reads after which steps the numbers are read and the guard looks at them; after all by default. On a GPU that waits for it.
 * They are read at other steps too where the guard might have to stop the run there.
 * @param options.afterStep is awaited after every step: logging, checkpoints, evaluation. The state is its to read, not to keep.
 * @param options.lost resolves, to the reason, when the device is lost.
 * @throws `non-finite` when the guard has seen too many steps in a row whose loss or gradient is not finite; `invalid-argument` when more
 * than `steps` are done already; `unavailable` when the device is lost; and what the functions given throw.
 * @example (await runLoop({ state, steps: 100, trainStep, nextBatches, release, afterStep, guard })).state.step // 100
 */
export async function runLoop<Params extends TensorTree, Carried extends TensorTree, Batch>({
  state: initial,
  steps,
  trainStep,
  nextBatches,
  release,
  afterStep,
  guard,
  reads = () => true,
  signal,
  lost,
}: {
  state: TrainState<Params, Carried>;
  steps: number;
  trainStep: TrainStep<Params, Carried, Batch>;
  nextBatches: () => Promise<readonly Batch[]>;
  release: (batch: Batch) => void;
  afterStep: (report: StepReport<Params, Carried>) => Promise<void>;
  guard: NonFiniteGuard;
  reads?: (step: number) => boolean;
  signal?: AbortSignal;
  lost?: Promise<string>;
}): Promise<LoopResult<Params, Carried>> {
  let state = initial;
  /** The first step at which as many updates in a row may have been left out as the guard allows. */
  let latestRead = initial.step + guard.maximumRun;
  try {
    if (state.step > steps) {
      throw new VitrailError(
        'invalid-argument',
        `the run has done ${state.step} steps already, more than the ${steps} asked for; ask for more`,
      );
    }
    while (state.step < steps) {
      if (signal?.aborted) return { state, status: 'interrupted' };
      const start = performance.now();
      const { read, ...outcome } = runStep(trainStep, state, await unlessLost(nextBatches(), lost), release);
      state = outcome.state;
      const isRead = reads(state.step) || state.step >= latestRead;
      const numbers = isRead ? await unlessLost(read(), lost) : undefined;
      if (numbers !== undefined) {
        guard.check(state.step, numbers);
        latestRead = state.step + guard.maximumRun - numbers.skippedInARow;
      }
      await unlessLost(afterStep({ ...outcome, numbers, seconds: (performance.now() - start) / 1000 }), lost);
      await turnOfTheEventLoop();
    }
    return { state, status: 'completed' };
  } catch (error) {
    disposeState(state);
    throw error;
  }
}

function runStep<Params extends TensorTree, Carried extends TensorTree, Batch>(
  trainStep: TrainStep<Params, Carried, Batch>,
  state: TrainState<Params, Carried>,
  batches: readonly Batch[],
  release: (batch: Batch) => void,
): StepOutcome<Params, Carried> {
  try {
    return trainStep(state, batches);
  } finally {
    for (const batch of batches) release(batch);
  }
}

/** A message to oneself: browsers hold back timers and frames of a tab that is not looked at, but not these. */
function turnOfTheEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
