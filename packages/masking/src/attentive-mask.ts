import { type Rng, VitrailError } from '@vitrail/core';
import type { PatchGrid } from './patch-grid.ts';

/** The least important patches, as A-CLIP masks. */
export type AttentiveMaskSpec = {
  readonly kind: 'attentive';
  /** Share of the patches that is masked, in [0, 1]; 0.5 in A-CLIP. */
  readonly ratio: number;
  /**
   * How much each patch of *this* picture matters, `[N]`, row by row, finite: in A-CLIP the attention that the CLS token of a momentum encoder pays
   * it, averaged over heads and layers.
   */
  readonly importance: ArrayLike<number>;
};

/**
 * Masks the `masked` patches of the least importance; of equally important ones, which is random.
 *
 * @returns the mask, `[rows * columns]`
 * @throws `shape-mismatch` unless there is one importance per patch; `invalid-argument` for importances that are not finite
 * @see "Attentive Mask CLIP", Yang et al. 2023 (arXiv 2212.08653), section 3.2
 */
export function maskAttentively(
  { importance }: AttentiveMaskSpec,
  { rows, columns }: PatchGrid,
  masked: number,
  rng: Rng,
): Uint8Array {
  const patches = rows * columns;
  if (importance.length !== patches) {
    throw new VitrailError(
      'shape-mismatch',
      `patchMask: importance has one number for each of the ${rows} x ${columns} patches, but ${importance.length} came`,
    );
  }
  const unusable = Array.from(importance).find((value) => !Number.isFinite(value));
  if (unusable !== undefined) throw new VitrailError('invalid-argument', `patchMask: importance is finite, but ${unusable} came`);
  const mask = new Uint8Array(patches);
  const order = rng.permutation(patches).sort((a, b) => importance[a] - importance[b]); // stable: ties stay in random order
  for (const index of order.subarray(0, masked)) mask[index] = 1;
  return mask;
}
