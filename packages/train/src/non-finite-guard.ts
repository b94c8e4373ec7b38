import { VitrailError } from '@vitrail/core';
import { requireWhole } from './configuration.ts';
import type { StepNumbers } from './ledger.ts';

/** Watches the numbers of steps, of every one or of some: how many updates were left out in a row, the numbers themselves say. */
export type NonFiniteGuard = {
  /** Updates in a row that may not all be left out. */
  readonly maximumRun: number;
  /**
   * @param step steps done, this one included: the number that logs have.
   * @param numbers what the step did; its update was left out where `applied` is false.
   * @throws `non-finite` when the run of updates left out has become too long.
   */
  check(step: number, numbers: StepNumbers): void;
};

/**
 * A guard that lets single steps whose loss or gradient is not finite pass (their updates are left out), and stops training after
 * `maximumRun` of them in a row: nothing would be learned any more.
 *
 * @param options.maximumRun steps in a row, at least 1.
 * @throws `invalid-argument` for a `maximumRun` that is no whole number of at least 1.
 * @example nonFiniteGuard({ maximumRun: 10 }).check(state.step, await outcome.read())
 */
export function nonFiniteGuard({ maximumRun }: { maximumRun: number }): NonFiniteGuard {
  requireWhole('maximumRun', maximumRun, 1);
  /** The first step of the present run at which each number was seen not to be finite. */
  let since = new Map<string, { step: number; value: number }>();
  let lastChecked = 0;
  return {
    maximumRun,
    check(step, { applied, metrics, skippedInARow: length }) {
      const isNewRun = step - length >= lastChecked;
      lastChecked = step;
      if (applied || isNewRun) since = new Map();
      if (applied) return;
      for (const [name, value] of Object.entries(metrics)) {
        if (!Number.isFinite(value) && !since.has(name)) since.set(name, { step, value });
      }
      if (length < maximumRun) return;
      const names = [...since].map(([name, { step: first, value }]) => `${name} (${value} from step ${first} on)`);
      const cause = since.has('loss')
        ? 'a lower learning rate, a longer warm-up or a higher temperature, and look for broken samples in the data'
        : 'a lower learning rate or smaller loss weights: the loss is finite, so a gradient overflows or divides by zero';
      throw new VitrailError(
        'non-finite',
        `training stopped at step ${step}: the last ${length === 1 ? 'update was' : `${length} updates in a row were`} left out because of numbers that are not finite.\n` +
          `Not finite: ${names.join(', ')}.\nTry ${cause}. The parameters have not changed since; where they have diverged before, go on from an earlier checkpoint.`,
      );
    },
  };
}
