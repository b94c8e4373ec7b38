import type { Access, UniformType } from '../shader.ts';
import type { Epilogue } from './product-epilogue.ts';
import type { TileLoad } from './tile-load.ts';

/** What shaders that compute a product tile by tile are told by their options. */
export type TiledProduct = {
  readonly a: TileLoad;
  readonly b: TileLoad;
  readonly epilogue: Epilogue;
  /** Whether sums of the columns of `b` are stored. */
  readonly columnSums: boolean;
};

/** What they bind. */
export function productBindings({ a, b, epilogue: { width } }: TiledProduct): Record<string, Access> {
  const read = width === 4 ? 'read4' : 'read';
  const write = width === 4 ? 'write4' : 'write';
  return {
    a: a.width === 4 ? 'read4' : 'read',
    b: b.width === 4 ? 'read4' : 'read',
    multiplier: (a.multiplied ? a : b).width === 4 ? 'read4' : 'read',
    bias: read,
    residual: read,
    y: write,
    derivative: write,
    columnSums: write,
  };
}

export const productUniforms = {
  rows: 'u32',
  columns: 'u32',
  depth: 'u32',
  row_tiles: 'u32',
  column_tiles: 'u32',
  splits: 'u32',
  split_depth: 'u32',
  workgroups: 'u32',
  inner_batch: 'u32',
  a_offset: 'u32',
  a_pitch: 'u32',
  a_outer: 'u32',
  a_inner: 'u32',
  b_offset: 'u32',
  b_pitch: 'u32',
  b_outer: 'u32',
  b_inner: 'u32',
  y_offset: 'u32',
  y_pitch: 'u32',
  y_outer: 'u32',
  y_inner: 'u32',
  y_split: 'u32',
  tile_depth: 'u32',
  scale: 'f32',
} as const satisfies Record<string, UniformType>;

/**
 * Which tile is this workgroup's, of `rows x columns` values: tiles are numbered along the columns, then the rows, then the parts of the
 * depth, then the batch. Declares `row_tile`, `split`, `first_row`, `first_column`, where the matrices begin (`a_base`, `b_base`, `y_base`)
 * and the part of the depth, from `begin` to `end`.
 */
export function tilePlace({ rows, columns }: { rows: number; columns: number }): string {
  return /* wgsl */ `
  var index = workgroup_index(group, groups);
  if (index >= u.workgroups) { return; }
  let column_tile = index % u.column_tiles;
  index /= u.column_tiles;
  let row_tile = index % u.row_tiles;
  index /= u.row_tiles;
  let split = index % u.splits;
  index /= u.splits;
  let outer = index / u.inner_batch;
  let inner = index % u.inner_batch;
  let a_base = u.a_offset + outer * u.a_outer + inner * u.a_inner;
  let b_base = u.b_offset + outer * u.b_outer + inner * u.b_inner;
  let y_base = u.y_offset + outer * u.y_outer + inner * u.y_inner + split * u.y_split;
  let first_row = row_tile * ${rows};
  let first_column = column_tile * ${columns};
  let begin = split * u.split_depth;
  let end = min(u.depth, begin + u.split_depth);`;
}

/** `fn store_four(sum: vec4f, row: u32, column: u32, base: u32)`: the epilogue of four neighbours, those of them that are in the matrix. */
export function storeFour(width: 1 | 4): string {
  const store =
    width === 4
      ? 'if (column < u.columns) { store(sum, column, at); }'
      : 'for (var i = 0u; i < min(4, max(column, u.columns) - column); i++) { store(sum[i], column + i, at + i); }';
  return `
fn store_four(sum: vec4f, row: u32, column: u32, base: u32) {
  if (row >= u.rows) { return; }
  let at = base + row * u.y_pitch + column;
  ${store}
}`;
}

/** Stores `total`, the sums of the four columns from `column` on. */
export function storeColumnSums(width: 1 | 4): string {
  return width === 4
    ? 'if (column < u.columns) { columnSums[(split * u.columns + column) / 4] = columnSums_element(total); }'
    : 'for (var i = 0u; i < min(4, max(column, u.columns) - column); i++) { columnSums[split * u.columns + column + i] = columnSums_element(total[i]); }';
}

/** Pieces that a tile is loaded in, each by one invocation. */
export function piecesOf(across: number, depth: number, { width, along }: TileLoad): number {
  return (across / 4) * (width === 4 && along === 'depth' ? depth / 4 : depth);
}
