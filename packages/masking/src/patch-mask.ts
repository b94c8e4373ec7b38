import { nearestName, type Rng, VitrailError } from '@vitrail/core';
import { type AttentiveMaskSpec, maskAttentively } from './attentive-mask.ts';
import { type BlockMaskSpec, maskBlocks } from './block-mask.ts';
import { type PatchGrid, requireGrid } from './patch-grid.ts';
import { maskRandomly, type RandomMaskSpec } from './random-mask.ts';
import { maskReversedBlocks, type ReversedBlockMaskSpec } from './reversed-block-mask.ts';
import { maskSquares, type SquareMaskSpec } from './square-mask.ts';

/** How the patches to be masked are chosen. */
export type MaskSpec = RandomMaskSpec | BlockMaskSpec | ReversedBlockMaskSpec | SquareMaskSpec | AttentiveMaskSpec;

/** Which of a picture's `N = rows * columns` patches are masked, in the two forms that models take. */
export type PatchMask = {
  /** `[N]`, row by row: 1 where the patch is masked, 0 where it is visible. */
  readonly mask: Uint8Array;
  /** The visible patches, `[N - M]`, ascending: what stays when masked patches are dropped. */
  readonly keep: Int32Array;
};

/**
 * Chooses the patches of one picture that are masked: exactly `M = round(ratio * N)` of them (halves up), whatever the kind, so that the
 * masks of a batch stack and every picture keeps equally many patches.
 *
 * A pure function of its arguments. It does not advance `rng`: the same stream gives the same mask again, so give every picture a fork of
 * its own, `rng.fork(epoch, index)`.
 *
 * @param spec `random`, `block`, `reversed-block`, `square` or `attentive`; `ratio` in [0, 1]
 * @param grid at least one row and one column
 * @returns `mask` `[N]` and `keep` `[N - M]`
 * @throws `invalid-argument` for a ratio outside [0, 1], an empty grid, an area, aspect or side that no box has, or an importance that is not
 *   finite; `shape-mismatch` for importances of another grid; `unknown-name` for a kind that there is not
 * @see "TIPSv2", arXiv 2604.12012, sections 3.1 to 3.3: ratio 0.75, random. That every picture is masked, with an exact count, is our
 *   choice (not published). UTA and iBOT count `floor(ratio * N)`.
 * @example patchMask({ kind: 'random', ratio: 0.75 }, { rows: 16, columns: 16 }, createRng(0).fork(3, 41)).keep.length // 64
 */
export function patchMask(spec: MaskSpec, grid: PatchGrid, rng: Rng): PatchMask {
  requireGrid(grid);
  if (!(spec.ratio >= 0 && spec.ratio <= 1)) {
    throw new VitrailError('invalid-argument', `patchMask: ratio is a number from 0 to 1, but ${spec.ratio} came`);
  }
  const patches = grid.rows * grid.columns;
  const masked = Math.round(spec.ratio * patches);
  const mask = generate(spec, grid, masked, rng.fork('mask'));
  return { mask, keep: Int32Array.from(mask.keys()).filter((index) => mask[index] === 0) };
}

function generate(spec: MaskSpec, grid: PatchGrid, masked: number, rng: Rng): Uint8Array {
  switch (spec.kind) {
    case 'random': {
      const mask = new Uint8Array(grid.rows * grid.columns);
      maskRandomly(mask, masked, rng);
      return mask;
    }
    case 'block':
      return maskBlocks(spec, grid, masked, rng);
    case 'reversed-block':
      return maskReversedBlocks(spec, grid, masked, rng);
    case 'square':
      return maskSquares(spec, grid, masked, rng);
    case 'attentive':
      return maskAttentively(spec, grid, masked, rng);
    default:
      throw unknownKind((spec as { kind: unknown }).kind);
  }
}

const kinds: readonly MaskSpec['kind'][] = ['random', 'block', 'reversed-block', 'square', 'attentive'];

function unknownKind(kind: unknown): VitrailError {
  const nearest = nearestName(String(kind), kinds);
  const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
  return new VitrailError('unknown-name', `patchMask: kind is one of ${kinds.join(', ')}, but "${kind}" came${hint}`);
}
