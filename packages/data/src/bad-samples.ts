import { VitrailError } from '@vitrail/core';

/** A sample that was left out of a batch, and why. */
export type BadSample = {
  /** The sample's key in its source. */
  readonly key: string;
  /** Its number in its source. */
  readonly index: number;
  /** One sentence, with file and member where there are any. */
  readonly reason: string;
};

const WINDOW = 1000;
const MINIMUM_SEEN = 50;
const MAXIMUM_SHARE = 0.05;

/**
 * Counts good and bad samples, in the order in which they are needed, and stops a run whose data has gone bad.
 *
 * @returns a function to be told of each sample: `undefined` for a good one. It throws `corrupt-data`, with the count and the latest reason, at a bad
 *   sample with which more than 5 % of the last 1,000 samples are bad; never before 50 samples have been seen.
 */
export function badSampleGuard(): (bad: BadSample | undefined) => void {
  const window = new Uint8Array(WINDOW);
  let seen = 0;
  let badInWindow = 0;
  return (bad) => {
    const slot = seen % WINDOW;
    badInWindow += (bad === undefined ? 0 : 1) - window[slot];
    window[slot] = bad === undefined ? 0 : 1;
    seen++;
    const length = Math.min(seen, WINDOW);
    if (bad !== undefined && seen >= MINIMUM_SEEN && badInWindow > MAXIMUM_SHARE * length) {
      throw new VitrailError(
        'corrupt-data',
        `${badInWindow} of the last ${length} samples are bad, more than ${MAXIMUM_SHARE * 100} %; the latest is ${bad.key}: ${bad.reason}`,
      );
    }
  };
}
