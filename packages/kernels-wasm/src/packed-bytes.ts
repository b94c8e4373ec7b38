import { PANEL_COLUMNS } from './product-blocks.ts';

/** Bytes of a packed right-hand matrix `[depth, columns]`: whole panels. */
export function packedBytes(columns: number, depth: number): number {
  return 4 * PANEL_COLUMNS * Math.ceil(columns / PANEL_COLUMNS) * depth;
}
