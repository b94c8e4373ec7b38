import { VitrailError } from '@vitrail/core';
import { requireRange } from '@vitrail/train';

/**
 * Throws `invalid-argument` unless a mask that hides `round(ratio * N)` of the N patches of a crop leaves one to be seen, and hides at least so
 * many.
 *
 * @param options `side` of the patch grid; `least` hidden patches, 1 where they are all that is learned from
 */
export function requireMask(ratio: number, { side, least }: { side: number; least: 0 | 1 }): void {
  requireRange('mask.ratio', ratio, 0, 1);
  const patches = side ** 2;
  const hidden = Math.round(ratio * patches);
  if (hidden === patches) {
    throw new VitrailError(
      'invalid-argument',
      `mask.ratio ${ratio} hides all ${patches} patches of a crop: at most ${share(patches - 1, patches)} leaves one to be seen`,
    );
  }
  if (hidden < least) {
    throw new VitrailError(
      'invalid-argument',
      `mask.ratio ${ratio} hides none of the ${patches} patches of a crop, which are what is learned from: at least ${share(1, patches)} hides one`,
    );
  }
}

function share(count: number, of: number): number {
  return Number((count / of).toFixed(3));
}
