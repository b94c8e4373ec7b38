import type { Rng } from '@vitrail/core';

/** Positions uniformly at random, every set of `M` patches equally likely. */
export type RandomMaskSpec = {
  readonly kind: 'random';
  /** Share of the patches that is masked, in [0, 1]. */
  readonly ratio: number;
};

/** Masks `count` of the patches that `mask` leaves visible, every choice equally likely. Writes into `mask`; draws from `rng`. */
export function maskRandomly(mask: Uint8Array, count: number, rng: Rng): void {
  const visible: number[] = [];
  mask.forEach((bit, index) => {
    if (bit === 0) visible.push(index);
  });
  for (const chosen of rng.permutation(visible.length).subarray(0, count)) mask[visible[chosen]] = 1;
}
