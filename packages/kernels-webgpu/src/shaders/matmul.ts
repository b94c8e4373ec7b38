import type { Shader } from '../shader.ts';
import { invocationsOf, type WorkgroupTile } from '../tuning.ts';
import { productEpilogue } from '../wgsl/product-epilogue.ts';
import {
  piecesOf,
  productBindings,
  productUniforms,
  storeColumnSums,
  storeFour,
  type TiledProduct,
  tilePlace,
} from '../wgsl/product-tiles.ts';
import { tileLoad } from '../wgsl/tile-load.ts';

export type MatmulOptions = TiledProduct & { readonly tile: WorkgroupTile };

/**
 * `y = activation(scale a b + bias) + residual`: a product of matrices `[rows, depth] [depth, columns]`, or of a batch of them, or a part
 * of its depth.
 *
 * A workgroup computes a tile of `y` (which one: `wgsl/product-tiles.ts`). It goes through its part of the depth in steps: all invocations
 * load a tile of `a` and one of `b` into workgroup memory, both in float32 and with the depth as the slow axis (`aTile[k][row / 4]`,
 * `bTile[k][column / 4]`, vectors of 4; 8 KiB for 64 x 64 x 16), wait, and multiply. Invocation `(tx, ty)` keeps in registers the columns `4 (tx + j threadsX) ..+4` of the rows `4 (ty + i threadsY) ..+4`:
 * neighbouring invocations read and write neighbouring vectors. Every element is summed in the order of depth.
 *
 * The sums of the columns of `b` are taken by the workgroups of the first row of tiles from the tiles that they have loaded: `(tx, ty)` adds
 * up the rows `ty + n threadsY` of its columns, and at the end `ty = 0` adds these up in the order of `ty`.
 *
 * What lies outside of the matrices is 0 in the tiles and not stored.
 */
export const matmul: Shader<MatmulOptions> = {
  name: 'matmul',
  bindings: productBindings,
  uniforms: productUniforms,
  code: ({ tile, a, b, epilogue, columnSums }) => {
    const invocations = invocationsOf(tile);
    const threadsX = tile.columns / tile.threadColumns;
    const threadsY = tile.rows / tile.threadRows;
    const rowVectors = range(tile.threadRows / 4);
    const columnVectors = range(tile.threadColumns / 4);
    const rows = rowVectors.flatMap((i) => [...'xyzw'].map((part, offset) => ({ i, part, offset })));
    const lines = (parts: readonly string[]) => parts.join('\n');
    return /* wgsl */ `
const A_VECTORS = ${tile.rows / 4}u;
const B_VECTORS = ${tile.columns / 4}u;
const TILE_DEPTH = ${tile.depth}u;
const THREADS_X = ${threadsX}u;
const THREADS_Y = ${threadsY}u;
const INVOCATIONS = ${invocations}u;
var<workgroup> aTile: array<vec4f, TILE_DEPTH * A_VECTORS>;
var<workgroup> bTile: array<vec4f, TILE_DEPTH * B_VECTORS>;
${tileLoad('a', 'u.rows', a)}
${tileLoad('b', 'u.columns', b)}
${productEpilogue(epilogue)}
${storeFour(epilogue.width)}
@compute @workgroup_size(${invocations})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
${tilePlace(tile)}
  let tx = lane % THREADS_X;
  let ty = lane / THREADS_X;
${lines(rows.flatMap(({ i, part }) => columnVectors.map((j) => `  var sum${i}${part}${j} = vec4f();`)))}
${columnSums ? lines(columnVectors.map((j) => `  var columnSum${j} = vec4f();`)) : ''}
  for (var k0 = begin; k0 < end; k0 += TILE_DEPTH) {
    for (var i = lane; i < ${piecesOf(tile.rows, tile.depth, a)}; i += INVOCATIONS) {
      a_load(i, a_base, first_row, k0, end);
    }
    for (var i = lane; i < ${piecesOf(tile.columns, tile.depth, b)}; i += INVOCATIONS) {
      b_load(i, b_base, first_column, k0, end);
    }
    workgroupBarrier();
    for (var k = 0u; k < u.tile_depth; k++) {
${lines(rowVectors.map((i) => `      let a${i} = aTile[k * A_VECTORS + ty + ${i * threadsY}];`))}
${lines(columnVectors.map((j) => `      let b${j} = bTile[k * B_VECTORS + tx + ${j * threadsX}];`))}
${lines(rows.flatMap(({ i, part }) => columnVectors.map((j) => `      sum${i}${part}${j} += a${i}.${part} * b${j};`)))}
    }
    ${
      columnSums
        ? `if (row_tile == 0) {
      for (var k = ty; k < TILE_DEPTH; k += THREADS_Y) {
${lines(columnVectors.map((j) => `        columnSum${j} += bTile[k * B_VECTORS + tx + ${j * threadsX}];`))}
      }
    }`
        : ''
    }
    workgroupBarrier();
  }
${lines(
  rows.flatMap(({ i, part, offset }) =>
    columnVectors.map(
      (j) =>
        `  store_four(sum${i}${part}${j}, first_row + 4 * (ty + ${i * threadsY}) + ${offset}, first_column + 4 * (tx + ${j * threadsX}), y_base);`,
    ),
  ),
)}
  ${columnSums ? columnSumsCode(columnVectors, threadsX, epilogue.width) : ''}
}
`;
  },
};

function columnSumsCode(columnVectors: readonly number[], threadsX: number, width: 1 | 4): string {
  return /* wgsl */ `
  if (row_tile == 0) {
${columnVectors.map((j) => `    bTile[ty * B_VECTORS + tx + ${j * threadsX}] = columnSum${j};`).join('\n')}
    workgroupBarrier();
    if (lane < B_VECTORS) {
      var total = vec4f();
      for (var i = 0u; i < THREADS_Y; i++) {
        total += bTile[i * B_VECTORS + lane];
      }
      let column = first_column + 4 * lane;
      ${storeColumnSums(width)}
    }
  }`;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
