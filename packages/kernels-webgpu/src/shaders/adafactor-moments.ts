import type { Shader } from '../shader.ts';
import { adafactorTable, CHUNK_ROWS, TILE_COLUMNS } from '../wgsl/adafactor-table.ts';
import { ADD_UP } from '../wgsl/add-up.ts';

/**
 * The row moments of all matrices of a bucket, and the second moments of vectors: `beta2 r + (1 - beta2) mean(g^2 + 1e-30)`. A row is
 * read by 1 to 256 invocations next to each other (a power of two), whose sums are added in halves; a workgroup has as many rows as fit.
 * Where the gate is NaN, the moments are copied.
 */
export const adafactorRows: Shader = {
  name: 'adafactorRows',
  bindings: () => ({ gradient: 'read', rowMoments: 'read', newRowMoments: 'write', table: 'read' }),
  uniforms: { tensors: 'u32', blocks: 'u32', beta2: 'f32', rest2: 'f32' },
  code: () => /* wgsl */ `
${adafactorTable('firstRowBlock')}
var<workgroup> parts: array<f32, 256>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let block = min(workgroup_index(group, groups), u.blocks - 1); // Those past the end do the last one's work again.
  let at = row_of(block);
  let lanes = table[at + LANES_PER_ROW];
  let columns = table[at + COLUMNS];
  let row = (block - table[at + FIRST_ROW_BLOCK]) * (256 / lanes) + lane / lanes;
  let inside = row * columns < table[at + SIZE];
  var sum = 0.0;
  if (inside) {
    let start = table[at + GRADIENT] + row * columns;
    for (var c = lane % lanes; c < columns; c += lanes) {
      sum += floored_square(gradient[start + c] * bitcast<f32>(table[0]));
    }
  }
  parts[lane] = sum;
  for (var half = 128u; half > 0; half /= 2) {
    workgroupBarrier();
    if (lane % lanes < half && half < lanes) {
      parts[lane] += parts[lane + half];
    }
  }
  if (inside && lane % lanes == 0) {
    let old = rowMoments[table[at + ROW_MOMENTS] + row];
    let next = u.beta2 * old + u.rest2 * (parts[lane] / f32(columns));
    newRowMoments[table[at + NEW_ROW_MOMENTS] + row] = select(next, old, is_nan(table[0]));
  }
}
`,
};

/**
 * Sums of squares of columns over chunks of 1024 rows: a workgroup per 32 columns of a chunk, eight invocations to a column. Each of these
 * adds up every eighth row, and the eight sums are added in halves.
 */
export const adafactorColumns: Shader = {
  name: 'adafactorColumns',
  bindings: () => ({ gradient: 'read', partials: 'write', table: 'read' }),
  uniforms: { tensors: 'u32', blocks: 'u32' },
  code: () => /* wgsl */ `
${adafactorTable('firstColumnBlock')}
var<workgroup> parts: array<f32, 256>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let block = min(workgroup_index(group, groups), u.blocks - 1); // Those past the end do the last one's work again.
  let at = row_of(block);
  let rows = table[at + ROWS];
  let columns = table[at + COLUMNS];
  let tiles = (columns + ${TILE_COLUMNS - 1}) / ${TILE_COLUMNS};
  let chunks = (rows + ${CHUNK_ROWS - 1}) / ${CHUNK_ROWS};
  let own = block - table[at + FIRST_COLUMN_BLOCK];
  let c = (own % tiles) * ${TILE_COLUMNS} + lane % ${TILE_COLUMNS};
  let chunk = own / tiles; // Of all matrices.
  let first = (chunk % chunks) * ${CHUNK_ROWS};
  let end = min(rows, first + ${CHUNK_ROWS});
  let matrix = table[at + GRADIENT] + (chunk / chunks) * rows * columns;
  var sum = 0.0;
  if (c < columns) {
    for (var r = first + lane / ${TILE_COLUMNS}; r < end; r += ${256 / TILE_COLUMNS}u) {
      sum += floored_square(gradient[matrix + r * columns + c] * bitcast<f32>(table[0]));
    }
  }
  parts[lane] = sum;
  for (var half = 128u; half >= ${TILE_COLUMNS}; half /= 2) {
    workgroupBarrier();
    if (lane < half) {
      parts[lane] += parts[lane + half];
    }
  }
  if (lane < ${TILE_COLUMNS} && c < columns) {
    partials[table[at + FIRST_PARTIAL] + chunk * columns + c] = parts[lane];
  }
}
`,
};

/**
 * The mean of each matrix's new row moments, and its column moments from the sums over chunks: a workgroup per matrix. An invocation adds up
 * every 256th row moment, and the 256 sums are added in halves; it has every 256th column. Where the gate is NaN, the moments are copied.
 */
export const adafactorMatrices: Shader = {
  name: 'adafactorMatrices',
  bindings: () => ({
    newRowMoments: 'read',
    partials: 'read',
    columnMoments: 'read',
    newColumnMoments: 'write',
    means: 'write',
    table: 'read',
  }),
  uniforms: { tensors: 'u32', blocks: 'u32', beta2: 'f32', rest2: 'f32' },
  code: () => /* wgsl */ `
${adafactorTable('firstMatrix')}
${ADD_UP}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = min(workgroup_index(group, groups), u.blocks - 1); // Those past the end do the last one's work again.
  let at = row_of(index);
  let rows = table[at + ROWS];
  let columns = table[at + COLUMNS];
  let matrix = index - table[at + FIRST_MATRIX];
  var sum = 0.0;
  for (var r = lane; r < rows; r += 256u) {
    sum += newRowMoments[table[at + NEW_ROW_MOMENTS] + matrix * rows + r];
  }
  let total = add_up(sum, lane);
  if (lane == 0) {
    means[index] = total / f32(rows);
  }
  let chunks = (rows + ${CHUNK_ROWS - 1}) / ${CHUNK_ROWS};
  for (var c = lane; c < columns; c += 256u) {
    var squares = 0.0;
    for (var k = 0u; k < chunks; k++) {
      squares += partials[table[at + FIRST_PARTIAL] + (matrix * chunks + k) * columns + c];
    }
    let old = columnMoments[table[at + COLUMN_MOMENTS] + matrix * columns + c];
    let next = u.beta2 * old + u.rest2 * (squares / f32(rows));
    newColumnMoments[table[at + NEW_COLUMN_MOMENTS] + matrix * columns + c] = select(next, old, is_nan(table[0]));
  }
}
`,
};
