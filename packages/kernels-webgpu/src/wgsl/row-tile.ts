/** How a workgroup of 256 invocations works on the rows of a table that it owns. */
export type RowTile = {
  /** Numbers are read and written four at once. */
  readonly vector: boolean;
  /** Invocations that share a row: a power of two. */
  readonly lanes: number;
};

/** Rows of a table that one workgroup owns. More would leave devices idle, fewer read the indices more often. */
export const TILE_ROWS = 16;

/** At least as many invocations to a row as let all of them work on the {@link TILE_ROWS} rows. */
export function rowTile(width: number): RowTile {
  const vector = width % 4 === 0;
  const count = Math.max(1, vector ? width / 4 : width);
  return { vector, lanes: Math.min(256, Math.max(256 / TILE_ROWS, 2 ** Math.ceil(Math.log2(count)))) };
}

/**
 * The constants `TILE_ROWS` and `LANES`, the type `Numbers`, and `fn tile_row(k: u32, base: u32) -> u32`: which row of the tile that begins
 * at `base` is `rows[k]`; `TILE_ROWS` or more if none is, or k is not below `u.count`.
 */
export function rowTileCode({ vector, lanes }: RowTile): string {
  return /* wgsl */ `
const TILE_ROWS = ${TILE_ROWS}u;
const LANES = ${lanes}u;
alias Numbers = ${vector ? 'vec4f' : 'f32'};
fn tile_row(k: u32, base: u32) -> u32 {
  if (k >= u.count) {
    return TILE_ROWS;
  }
  let row = u32(rows[k]); // a negative one lies beyond every table
  return select(TILE_ROWS, row - base, row >= base && row < u.tableRows);
}`;
}
