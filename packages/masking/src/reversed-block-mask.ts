import type { Rng } from '@vitrail/core';
import { type BlockMaskSpec, maskBlocks } from './block-mask.ts';
import type { PatchGrid } from './patch-grid.ts';

/**
 * Boxes that are masked, or boxes that stay visible, each half of the time (UTA's Block-R): unlike boxes alone, this masks the border of
 * pictures about as often as their middle.
 */
export type ReversedBlockMaskSpec = Omit<BlockMaskSpec, 'kind'> & { readonly kind: 'reversed-block' };

/**
 * Masks exactly `masked` patches: in boxes ({@link maskBlocks}), or, with probability 1/2, all but as many patches in boxes as are to stay
 * visible.
 *
 * UTA says no more than that masks are inverted half of the time. Taken literally, at a ratio r the masks then have ratios r and 1 - r in turn,
 * 0.5 on average: pictures would keep unequally many patches, and the paper's costs would be others. At 0.5 both readings are one.
 *
 * @returns the mask, `[rows * columns]`
 * @throws `invalid-argument` for an area or aspect that cannot be
 * @see "Enhancing Vision-Language Model with Unmasked Token Alignment" (UTA), Liu et al. 2024 (arXiv 2405.19009), section 2.2, appendix A.2
 */
export function maskReversedBlocks(spec: ReversedBlockMaskSpec, grid: PatchGrid, masked: number, rng: Rng): Uint8Array {
  const boxes: BlockMaskSpec = { ...spec, kind: 'block' };
  if (rng.uniform() < 0.5) return maskBlocks(boxes, grid, masked, rng);
  return maskBlocks(boxes, grid, grid.rows * grid.columns - masked, rng).map((bit) => 1 - bit);
}
