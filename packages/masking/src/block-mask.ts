import { type Rng, VitrailError } from '@vitrail/core';
import type { PatchGrid } from './patch-grid.ts';
import { maskRandomly } from './random-mask.ts';

/** Boxes of random size, shape and place, one over the other, as BEiT draws them. */
export type BlockMaskSpec = {
  readonly kind: 'block';
  /** Share of the patches that is masked, in [0, 1]. */
  readonly ratio: number;
  /** Smallest area that is drawn for a box, in patches, at least 1; 4 when absent (BEiT, DINOv2; EVA and UTA take 16). */
  readonly minimumArea?: number;
  /** Range of height over width of a box, `0 < lowest <= highest`; `[0.3, 1 / 0.3]` when absent. */
  readonly aspect?: readonly [lowest: number, highest: number];
};

/** Draws for one box before the generator gives up. */
const TRIES = 10;

/**
 * Masks exactly `masked` patches in boxes.
 *
 * Boxes are added until the count is reached. Each has up to ten tries: area uniform between `minimumArea` and what is still missing,
 * aspect log-uniform, sides rounded, place uniform; a try holds if the box is smaller than the grid on both sides and covers at least one
 * new patch and no more than are missing. So the count is never passed, and nothing has to be trimmed. When ten tries in a row fail, the
 * missing patches are drawn uniformly from the visible ones, as in DINOv3's generator (BEiT and DINOv2 leave the mask short). On a grid
 * of a single row or column no box is smaller than the grid, so all of its patches are drawn that way.
 *
 * @returns the mask, `[rows * columns]`
 * @throws `invalid-argument` for an area or aspect that cannot be
 * @see "BEiT", arXiv 2106.08254, algorithm 1; `masking_generator.py` of BEiT, `data/masking.py` of DINOv2
 */
export function maskBlocks(
  { minimumArea = 4, aspect = [0.3, 1 / 0.3] }: BlockMaskSpec,
  grid: PatchGrid,
  masked: number,
  rng: Rng,
): Uint8Array {
  requireBox(minimumArea, aspect);
  const mask = new Uint8Array(grid.rows * grid.columns);
  let missing = masked;
  while (missing > 0) {
    const added = addBox(mask, grid, missing, { minimumArea, aspect }, rng);
    if (added === 0) break;
    missing -= added;
  }
  maskRandomly(mask, missing, rng);
  return mask;
}

/** Adds one box that covers 1 to `missing` new patches and says how many; 0 when no try held. */
function addBox(
  mask: Uint8Array,
  { rows, columns }: PatchGrid,
  missing: number,
  { minimumArea, aspect: [lowest, highest] }: Required<Pick<BlockMaskSpec, 'minimumArea' | 'aspect'>>,
  rng: Rng,
): number {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    // Near the end fewer patches are missing than the smallest area; the draw is uniform between the two all the same, as in BEiT.
    const area = minimumArea + (missing - minimumArea) * rng.uniform();
    const aspect = Math.exp(rng.uniform(Math.log(lowest), Math.log(highest)));
    const height = Math.round(Math.sqrt(area * aspect));
    const width = Math.round(Math.sqrt(area / aspect));
    if (height >= rows || width >= columns) continue;
    const top = rng.integer(0, rows - height + 1);
    const left = rng.integer(0, columns - width + 1);
    const fresh = visibleInBox(mask, columns, { top, left, height, width });
    if (fresh.length === 0 || fresh.length > missing) continue;
    for (const index of fresh) mask[index] = 1;
    return fresh.length;
  }
  return 0;
}

function visibleInBox(
  mask: Uint8Array,
  columns: number,
  { top, left, height, width }: { top: number; left: number; height: number; width: number },
): number[] {
  const visible: number[] = [];
  for (let row = top; row < top + height; row++) {
    for (let column = left; column < left + width; column++) {
      const index = row * columns + column;
      if (mask[index] === 0) visible.push(index);
    }
  }
  return visible;
}

function requireBox(minimumArea: number, [lowest, highest]: readonly [number, number]): void {
  if (!(minimumArea >= 1 && Number.isFinite(minimumArea))) {
    throw new VitrailError('invalid-argument', `patchMask: minimumArea is a number of at least 1, but ${minimumArea} came`);
  }
  if (!(lowest > 0 && highest >= lowest && Number.isFinite(highest))) {
    throw new VitrailError(
      'invalid-argument',
      `patchMask: aspect is [lowest, highest] with 0 < lowest <= highest, but [${lowest}, ${highest}] came`,
    );
  }
}
