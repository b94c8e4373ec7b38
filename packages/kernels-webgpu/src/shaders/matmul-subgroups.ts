import type { Shader } from '../shader.ts';
import { type Epilogue, productEpilogue } from '../wgsl/product-epilogue.ts';
import { elementAt, type TileLoad } from '../wgsl/tile-load.ts';
import { matmul } from './matmul.ts';

/** A tile by one subgroup of `lanes` invocations: `rows` (a multiple of `lanes`) by `4 lanes vectors` columns. */
export type SubgroupTile = { readonly lanes: number; readonly rows: number; readonly vectors: number };

export type MatmulSubgroupsOptions = {
  tile: SubgroupTile;
  a: TileLoad;
  b: TileLoad;
  epilogue: Epilogue;
  /** Whether sums of the columns of `b` are stored. */
  columnSums: boolean;
};

/** Products of the depth between two loads. */
const STEP = 4;

/**
 * The product of `matmul`, for devices on which a load from memory costs as much as many multiply-adds: drivers that compute on the processor,
 * where every lane's load is one of its own.
 *
 * A workgroup is one subgroup of known size and computes a tile of `y`, without workgroup memory and without barriers. Lane `l` keeps all
 * rows of the tile for the columns `4 (l + v lanes) ..+4`. In steps of four along the depth it loads its columns of `b`, and of `a` for
 * every `lanes` rows one vector of four: of row `l` along the depth, or, where rows are contiguous, of four rows at one depth. Each
 * value of `a` then goes from its lane to all others by a broadcast. So `rows / lanes + 4 vectors` vectors are loaded for
 * `4 rows vectors` multiply-adds of vectors. Every element is summed in the order of depth.
 *
 * The sums of the columns of `b` are taken by the workgroups of the first row of tiles, each lane for its own columns.
 */
export const matmulSubgroups: Shader<MatmulSubgroupsOptions> = {
  name: 'matmulSubgroups',
  bindings: (options) => matmul.bindings({ ...options, tile: TILE_OF_NO_MATTER }),
  uniforms: matmul.uniforms,
  code: ({ tile, a, b, epilogue, columnSums }) => {
    const { lanes } = tile;
    const columns = 4 * lanes * tile.vectors;
    const groups = range(tile.rows / lanes);
    const rows = range(tile.rows);
    const vectors = range(tile.vectors);
    const depths = range(STEP);
    const lines = (parts: readonly string[]) => parts.join('\n');
    return /* wgsl */ `
${elementAt('a', 'u.rows', a)}
${elementAt('b', 'u.columns', b)}
${productEpilogue(epilogue)}
fn store_four(sum: vec4f, row: u32, column: u32, base: u32) {
  if (row >= u.rows) { return; }
  ${
    epilogue.width === 4
      ? 'if (column < u.columns) { store(sum, column, base + row * u.y_pitch + column); }'
      : 'for (var i = 0u; i < min(4, max(column, u.columns) - column); i++) { store(sum[i], column + i, base + row * u.y_pitch + column + i); }'
  }
}
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) counts: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  var index = workgroup_index(group, counts);
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
  let first_row = row_tile * ${tile.rows};
  let first_column = column_tile * ${columns} + 4 * lane;
  let begin = split * u.split_depth;
  let end = min(u.depth, begin + u.split_depth);
${lines(rows.flatMap((row) => vectors.map((v) => `  var sum${row}_${v} = vec4f();`)))}
${columnSums ? lines(vectors.map((v) => `  var columnSum${v} = vec4f();`)) : ''}
  for (var k = begin; k < end; k += ${STEP}) {
${lines(groups.map((group) => `    let a${group} = ${rowsOf(a, lanes, group)};`))}
${lines(vectors.map((v) => `    let b${v} = ${columnsOf(b, `first_column + ${4 * lanes * v}`)};`))}
${lines(
  depths.flatMap((k) =>
    rows.flatMap((row) => [
      `    { let x = ${broadcast(a, lanes, row, k)};`,
      ...vectors.map((v) => `      sum${row}_${v} += x * b${v}[${k}];`),
      '    }',
    ]),
  ),
)}
${columnSums ? lines(vectors.map((v) => `    columnSum${v} += b${v}[0] + b${v}[1] + b${v}[2] + b${v}[3];`)) : ''}
  }
${lines(
  rows.flatMap((row) =>
    vectors.map((v) => `  store_four(sum${row}_${v}, first_row + ${row}, first_column + ${4 * lanes * v}, y_base);`),
  ),
)}
${columnSums ? `  if (row_tile == 0) {\n${lines(vectors.map((v) => columnSumCode(v, 4 * lanes * v, epilogue.width)))}\n  }` : ''}
}
`;
  },
};

/** The bindings of a product do not depend on its tile. */
const TILE_OF_NO_MATTER = { rows: 4, columns: 4, depth: 4, threadRows: 4, threadColumns: 4 };

/** What a lane loads of `a` for the rows of one group: four values along the depth, or four rows at one depth. */
function rowsOf({ along, width }: TileLoad, lanes: number, group: number): string {
  const first = `first_row + ${group * lanes}`;
  if (along === 'across' && width === 4) {
    const pieces = lanes / 4; // vectors of rows
    return `a_at(${first} + 4 * (lane % ${pieces}), k + lane / ${pieces}, a_base, end)`;
  }
  return fourAlongDepth('a', `${first} + lane`, width);
}

/** The value of `a` at a row of the tile and `k` after the depth of this step, from the lane that has loaded it. */
function broadcast({ along, width }: TileLoad, lanes: number, row: number, k: number): string {
  const within = row % lanes;
  const group = `a${Math.floor(row / lanes)}`;
  if (along === 'across' && width === 4) {
    return `subgroupBroadcast(${group}[${within % 4}], ${(k * lanes) / 4 + Math.floor(within / 4)})`;
  }
  return `subgroupBroadcast(${group}[${k}], ${within})`;
}

/** A matrix whose column `k` is `b` at four columns, `k` after the depth of this step. */
function columnsOf({ along, width }: TileLoad, column: string): string {
  if (along === 'across') {
    const at = (k: number) =>
      width === 4
        ? `b_at(${column}, k + ${k}, b_base, end)`
        : `vec4f(${range(4)
            .map((c) => `b_at(${column} + ${c}, k + ${k}, b_base, end)`)
            .join(', ')})`;
    return `mat4x4f(${range(STEP).map(at).join(', ')})`;
  }
  return `transpose(mat4x4f(${range(4)
    .map((c) => fourAlongDepth('b', `${column} + ${c}`, width))
    .join(', ')}))`;
}

function fourAlongDepth(name: 'a' | 'b', across: string, width: 1 | 4): string {
  const at = (k: number) => `${name}_at(${across}, k + ${k}, ${name}_base, end)`;
  return width === 4 ? at(0) : `vec4f(${range(STEP).map(at).join(', ')})`;
}

function columnSumCode(vector: number, offset: number, width: 1 | 4): string {
  const column = `first_column + ${offset}`;
  return width === 4
    ? `    if (${column} < u.columns) { columnSums[(split * u.columns + ${column}) / 4] = columnSums_element(columnSum${vector}); }`
    : `    for (var i = 0u; i < min(4, max(${column}, u.columns) - (${column})); i++) { columnSums[split * u.columns + ${column} + i] = columnSums_element(columnSum${vector}[i]); }`;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
