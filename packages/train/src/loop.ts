import { type TensorTree, VitrailError } from '@vitrail/core';
import type { NonFiniteGuard } from './non-finite-guard.ts';
import type { TrainState } from './program.ts';
import type { StepOutcome, TrainStep } from './train-step.ts';

/** What a loop reports after every step. */
export type StepReport<Params extends TensorTree, Carried extends TensorTree> = StepOutcome<Params, Carried> & {
  /** Seconds from asking for the batch to the end of the update. */
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
 * The loop owns the state while it runs; on an error the state is disposed with it, on return it is the caller's.
 *
 * @param options.nextBatches the micro-batches of the next step; whatever they hold is released by `release` after the step.
 * @param options.afterStep is awaited after every step: logging, checkpoints, evaluation.
 * @throws `non-finite` when the guard has seen too many steps in a row whose loss or gradient is not finite.
 */
export async function runLoop<Params extends TensorTree, Carried extends TensorTree, Batch>({
  state: initial,
  steps,
  trainStep,
  nextBatches,
  release,
  afterStep,
  guard,
  signal,
}: {
  state: TrainState<Params, Carried>;
  steps: number;
  trainStep: TrainStep<Params, Carried, Batch>;
  nextBatches: () => Promise<readonly Batch[]>;
  release: (batch: Batch) => void;
  afterStep: (report: StepReport<Params, Carried>) => Promise<void>;
  guard: NonFiniteGuard;
  signal?: AbortSignal;
}): Promise<LoopResult<Params, Carried>> {
  if (initial.step > steps) {
    throw new VitrailError(
      'invalid-argument',
      `the run has done ${initial.step} steps already, more than the ${steps} asked for`,
    );
  }
  let state = initial;
  while (state.step < steps) {
    if (signal?.aborted) return { state, status: 'interrupted' };
    const start = performance.now();
    const batches = await nextBatches();
    const outcome = trainStep(state, batches);
    for (const batch of batches) release(batch);
    state = outcome.state;
    guard.check(state.step - 1, outcome);
    await afterStep({ ...outcome, seconds: (performance.now() - start) / 1000 });
  }
  return { state, status: 'completed' };
}
