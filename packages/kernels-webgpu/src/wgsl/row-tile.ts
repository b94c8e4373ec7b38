/** How a workgroup of 256 invocations works on the rows of a table that it owns. */
export type RowTile = {
  /** Numbers are read and written four at once. */
  readonly vector: boolean;
  /** Invocations that share a row: a power of two. */
  readonly lanes: number;
  /** The indices were put in order by the part of the table that they are in (`../shaders/bin-rows.ts`). */
  readonly binned: boolean;
};

/** Rows of a table that one workgroup owns. More would leave devices idle, fewer read the indices more often. */
export const TILE_ROWS = 16;

/** At least as many invocations to a row as let all of them work on the {@link TILE_ROWS} rows. */
export function rowTile(width: number, { binned = false } = {}): RowTile {
  const vector = width % 4 === 0;
  const count = Math.max(1, vector ? width / 4 : width);
  const lanes = Math.min(256, Math.max(256 / TILE_ROWS, 2 ** Math.ceil(Math.log2(count))));
  return { vector, lanes, binned };
}

/** Uniforms of shaders with {@link rowTileCode}; the last two only count where indices are binned. */
export const rowTileUniforms = { count: 'u32', columns: 'u32', tableRows: 'u32', chunks: 'u32', tilesPerBin: 'u32' } as const;

/**
 * The constants `TILE_ROWS` and `LANES`, the type `Numbers`, and for the tile that begins at `base`
 *
 * - `places_of(base)`: the first and the end of the places in the list of indices where some of its rows may be
 * - `index_at(place)`: the k of a place; along the places of a tile they grow
 * - `tile_row(place, end, base)`: which row of the tile is `rows[k]`; `TILE_ROWS` or more if none is, or the place is not below `end`
 */
export function rowTileCode({ vector, lanes, binned }: RowTile): string {
  const places = `let bin = base / (TILE_ROWS * u.tilesPerBin);
  return vec2u(starts[bin * u.chunks], starts[(bin + 1) * u.chunks]);`;
  return /* wgsl */ `
const TILE_ROWS = ${TILE_ROWS}u;
const LANES = ${lanes}u;
alias Numbers = ${vector ? 'vec4f' : 'f32'};
fn places_of(base: u32) -> vec2u {
  ${binned ? places : 'return vec2u(0, u.count);'}
}
fn index_at(place: u32) -> u32 {
  return ${binned ? 'order[place]' : 'place'};
}
fn tile_row(place: u32, end: u32, base: u32) -> u32 {
  if (place >= end) {
    return TILE_ROWS;
  }
  let row = u32(rows[index_at(place)]); // a negative one lies beyond every table
  return select(TILE_ROWS, row - base, row >= base && row < u.tableRows);
}`;
}
