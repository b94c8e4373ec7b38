import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { PatchGrid } from './patch-embed.ts';
import { antialiasedPositions, bicubicPositions, offsetPositions, type PositionResizing } from './position-resizing.ts';

/**
 * How positions of DINOv2 are brought to another grid, all three bicubically:
 *
 * - `offset`: as if the grid were 0.1 of a patch longer and wider than it is. Official weights without registers (`interpolate_offset=0.1`)
 * - `plain`: transformers' `Dinov2Model`
 * - `antialiased`: official weights with registers (`interpolate_antialias=True, interpolate_offset=0`) and transformers'
 *   `Dinov2WithRegistersModel`
 */
export type Dinov2Resizing = 'offset' | 'plain' | 'antialiased';

const resizings: Readonly<Record<Dinov2Resizing, PositionResizing>> = {
  offset: offsetPositions,
  plain: bicubicPositions,
  antialiased: antialiasedPositions,
};

/**
 * Positions `[G, G, D]` for a grid of patches: `[rows * columns, D]`, the caller's. At their own size they come back as they are.
 *
 * @see "DINOv2", Oquab et al. 2023 (arXiv 2304.07193); code: `models/vision_transformer.py` (interpolate_pos_encoding)
 * @example dinov2Positions(ones([37, 37, 8]), { rows: 16, columns: 24 }, 'offset').shape // [384, 8]
 */
export function dinov2Positions(table: Tensor3D, grid: PatchGrid, resizing: Dinov2Resizing): Tensor2D {
  return resizings[resizing](table, grid);
}
