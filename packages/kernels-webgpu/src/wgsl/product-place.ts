/**
 * The beginning of a product's `main`: from the index of the workgroup, the place of its tile. Tiles are numbered along the columns, then
 * the rows, then the parts of the depth, then the batch.
 */
export const productPlace = /* wgsl */ `
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
  let begin = split * u.split_depth;
  let end = min(u.depth, begin + u.split_depth);`;

/** `fn store_four(sum, row, column, base)`: the epilogue of four columns of a row, of which those outside of the matrix are left out. */
export function storeFour(width: 1 | 4): string {
  return /* wgsl */ `
fn store_four(sum: vec4f, row: u32, column: u32, base: u32) {
  if (row >= u.rows) { return; }
  ${forColumns(width, 'column', 'store(sum, column, base + row * u.y_pitch + column);', (i) => `store(sum[${i}], column + ${i}, base + row * u.y_pitch + column + ${i});`)}
}`;
}

/** `fn store_column_sums(sums, column, split)`: the sums of four columns, of which those outside of the matrix are left out. */
export function storeColumnSums(width: 1 | 4): string {
  const at = 'split * u.columns + column';
  return /* wgsl */ `
fn store_column_sums(sums: vec4f, column: u32, split: u32) {
  ${forColumns(width, 'column', `columnSums[(${at}) / 4] = columnSums_element(sums);`, (i) => `columnSums[${at} + ${i}] = columnSums_element(sums[${i}]);`)}
}`;
}

function forColumns(width: 1 | 4, column: string, all: string, one: (i: string) => string): string {
  if (width === 4) return `if (${column} < u.columns) { ${all} }`;
  return `for (var i = 0u; i < min(4, max(${column}, u.columns) - ${column}); i++) { ${one('i')} }`;
}
