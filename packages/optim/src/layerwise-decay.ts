import { VitrailError } from '@vitrail/core';
import { requireAtLeast, requirePositive } from './require-range.ts';

/** How rates fall towards the input of one tower. */
export type TowerDecay = {
  /** Number of blocks. */
  depth: number;
  /** What a rate is multiplied by per layer, from the output down; above 0, and 1 for no decay. */
  decay: number;
  /** The rate at the top of the tower, as a multiple of the optimiser's; 1 by default. */
  rateScale?: number;
};

/** Everything that stands before the first block: layer 0. */
const INPUTS = new Set(['patchEmbed', 'tokenEmbedding', 'position', 'cls', 'registers', 'maskToken']);

/**
 * The `rateScale` of an optimiser by which layers near the input learn more slowly: `rateScale * decay^(depth + 1 - layer)`.
 *
 * Layers: 0 for patch and token embeddings, positions, CLS and mask tokens and registers; `k + 1` for block `k`; `depth + 1` for all else in the tower
 * (norms outside the blocks, projections), which so keeps the whole rate. What lies outside the towers (the temperature, heads) is not scaled.
 *
 * As EVA-CLIP (`training/optim.py`), whose rates for the towers are `rateScale` times the optimiser's here; registers as DINOv2
 * (`utils/param_groups.py`).
 *
 * @param towers by the path that leads to them: `image`, `text`, `student.image`
 * @returns a function of the path; it throws `invalid-argument` for a block beyond `depth`
 * @throws `invalid-argument` for a depth that is no whole number of at least 1, a decay that is not above 0, or a negative scale
 * @see Bao et al. 2022, "BEiT: BERT Pre-Training of Image Transformers", appendix; https://arxiv.org/abs/2106.08254
 * @example layerwiseDecay({ image: { depth: 12, decay: 0.75 } })('image.blocks.11.attn.qkv.kernel') // 0.75
 */
export function layerwiseDecay(towers: Readonly<Record<string, TowerDecay>>): (path: string) => number {
  const entries = Object.entries(towers);
  for (const [name, { depth, decay, rateScale = 1 }] of entries) {
    if (!(Number.isSafeInteger(depth) && depth >= 1)) {
      throw new VitrailError(
        'invalid-argument',
        `layerwiseDecay: ${name}.depth is a whole number of at least 1, but ${depth} came`,
      );
    }
    requirePositive(`layerwiseDecay: ${name}.decay`, decay);
    requireAtLeast(`layerwiseDecay: ${name}.rateScale`, rateScale, 0);
  }
  return (path) => {
    const entry = entries.find(([name]) => path.startsWith(`${name}.`));
    if (entry === undefined) return 1;
    const [name, { depth, decay, rateScale = 1 }] = entry;
    return rateScale * decay ** (depth + 1 - layerOf(path, name, depth));
  };
}

function layerOf(path: string, tower: string, depth: number): number {
  const [first, second] = path.slice(tower.length + 1).split('.');
  if (INPUTS.has(first)) return 0;
  if (first !== 'blocks') return depth + 1;
  const block = /^\d+$/.test(second ?? '') ? Number(second) : depth;
  if (block >= depth) {
    throw new VitrailError(
      'invalid-argument',
      `layerwiseDecay: "${path}" is not in one of the ${depth} blocks that ${tower}.depth promises`,
    );
  }
  return block + 1;
}
