import { type Rng, VitrailError } from '@vitrail/core';
import type { PatchGrid } from './patch-grid.ts';

/** Squares of equal size on a coarser grid, chosen at random, as SimMIM masks. */
export type SquareMaskSpec = {
  readonly kind: 'square';
  /** Share of the patches that is masked, in [0, 1]; 0.6 in SimMIM. */
  readonly ratio: number;
  /** Side of a square in patches, a whole number of at least 1: SimMIM's 32 pixels are 2 patches of 16, or 8 of Swin's 4. */
  readonly side: number;
};

/**
 * Masks exactly `masked` patches in squares of `side` by `side` patches, which lie on a grid of their own from the top left corner (those at the
 * other edges may be cut).
 *
 * Squares are taken in random order and masked whole while they fit into the count; of the first that does not, patches are drawn uniformly.
 * Where the count is a number of whole squares this is SimMIM's mask; SimMIM itself rounds it up to one.
 *
 * @returns the mask, `[rows * columns]`
 * @throws `invalid-argument` for a side that is not a whole number of at least 1
 * @see "SimMIM", Xie et al. 2022 (arXiv 2111.09886), section 3.2; code microsoft/SimMIM, `data/data_simmim.py`
 */
export function maskSquares({ side }: SquareMaskSpec, { rows, columns }: PatchGrid, masked: number, rng: Rng): Uint8Array {
  if (!(Number.isSafeInteger(side) && side >= 1)) {
    throw new VitrailError('invalid-argument', `patchMask: side is a whole number of at least 1, but ${side} came`);
  }
  const mask = new Uint8Array(rows * columns);
  const across = Math.ceil(columns / side);
  const squares: number[][] = Array.from({ length: across * Math.ceil(rows / side) }, () => []);
  for (const index of mask.keys()) {
    const [row, column] = [Math.floor(index / columns), index % columns];
    squares[Math.floor(row / side) * across + Math.floor(column / side)].push(index);
  }
  let missing = masked;
  for (const chosen of rng.permutation(squares.length)) {
    const square = squares[chosen];
    const some =
      square.length <= missing ? square : Array.from(rng.permutation(square.length).subarray(0, missing), (i) => square[i]);
    for (const index of some) mask[index] = 1;
    missing -= some.length;
    if (missing === 0) break;
  }
  return mask;
}
