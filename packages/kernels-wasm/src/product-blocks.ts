/** Rows of the tile whose sums stay in registers. */
export const TILE_ROWS = 6;

/** Columns of a packed panel of the right-hand matrix: a wide tile (`assembly/gemm/tile-wide.ts`), or two narrow ones side by side. */
export const PANEL_COLUMNS = 16;

/** Columns of the narrow tile: 12 accumulators, two vectors of B and one of A fill 15 of the 16 registers of x86. */
export const TILE_COLUMNS = 8;

/** Steps of depth that are summed in registers before a tile goes to memory: a panel of B (16 KiB) then stays in the L1 cache. */
export const DEPTH_BLOCK = 256;

/** Rows that are packed at once: their panels (48 KiB) stay in the L2 cache. */
export const ROW_BLOCK = 48;

/**
 * Bytes of scratch memory that a product needs beside the packed right-hand matrix: a tile at the edge, a row of zeros, packed
 * rows.
 */
export const MULTIPLY_SCRATCH_BYTES = 4 * PANEL_COLUMNS * (TILE_ROWS + 1) + 4 * ROW_BLOCK * DEPTH_BLOCK;
