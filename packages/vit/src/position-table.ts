import { reshape, split, type Tensor, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import type { PatchGrid } from './patch-embed.ts';
import type { PositionResizing } from './position-resizing.ts';

/**
 * Positions of a square of patches, kept row by row, for another grid.
 *
 * @param table `[G * G, D]`
 * @returns `[rows * columns, D]`
 */
export function squarePositions(table: Tensor, grid: PatchGrid, resize: PositionResizing): Tensor2D {
  const [count, width] = table.shape;
  const side = Math.sqrt(count);
  return resize(reshape(table, [side, side, width]) as Tensor3D, grid);
}

/**
 * The same where the position of a CLS token, which stays as it is, stands in front.
 *
 * @param table `[1 + G * G, D]`
 * @returns `cls` `[1, D]`, `patches` `[rows * columns, D]`
 */
export function positionsBehindCls(
  table: Tensor,
  grid: PatchGrid,
  resize: PositionResizing,
): { readonly cls: Tensor2D; readonly patches: Tensor2D } {
  const [cls, patches] = split<Tensor2D>(table as Tensor2D, [1, table.shape[0] - 1], 0);
  return { cls, patches: squarePositions(patches, grid, resize) };
}
