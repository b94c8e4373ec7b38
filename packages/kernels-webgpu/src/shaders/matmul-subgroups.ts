import type { Shader } from '../shader.ts';
import type { SubgroupTile } from '../tuning.ts';
import { productEpilogue } from '../wgsl/product-epilogue.ts';
import {
  productBindings,
  productUniforms,
  storeColumnSums,
  storeFour,
  type TiledProduct,
  tilePlace,
} from '../wgsl/product-tiles.ts';
import { elementAt, type TileLoad } from '../wgsl/tile-load.ts';

export type MatmulSubgroupsOptions = TiledProduct & { readonly tile: SubgroupTile };

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
 * `4 rows vectors` multiply-adds of vectors, those of a row after each other: its sums are in registers meanwhile, while all of the tile
 * would not fit. Every element is summed in the order of depth.
 *
 * The sums of the columns of `b` are taken by the workgroups of the first row of tiles, each lane for its own columns.
 */
export const matmulSubgroups: Shader<MatmulSubgroupsOptions> = {
  name: 'matmulSubgroups',
  bindings: productBindings,
  uniforms: productUniforms,
  code: ({ tile, a, b, epilogue, columnSums }) => {
    const { lanes } = tile;
    const groups = range(tile.rows / lanes);
    const rows = range(tile.rows);
    const vectors = range(tile.columns / (4 * lanes));
    const depths = range(STEP);
    const lines = (parts: readonly string[]) => parts.join('\n');
    return /* wgsl */ `
${elementAt('a', 'u.rows', a)}
${elementAt('b', 'u.columns', b)}
${productEpilogue(epilogue)}
${storeFour(epilogue.width)}
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
${tilePlace(tile)}
  let lane_column = first_column + 4 * lane;
${lines(rows.flatMap((row) => vectors.map((v) => `  var sum${row}_${v} = vec4f();`)))}
${columnSums ? lines(vectors.map((v) => `  var columnSum${v} = vec4f();`)) : ''}
  for (var k = begin; k < end; k += ${STEP}) {
${lines(groups.map((group) => `    let a${group} = ${rowsOf(a, lanes, group)};`))}
${lines(vectors.map((v) => `    let b${v} = ${columnsOf(b, `lane_column + ${4 * lanes * v}`)};`))}
${lines(
  rows.flatMap((row) =>
    depths.flatMap((k) => [
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
    vectors.map((v) => `  store_four(sum${row}_${v}, first_row + ${row}, lane_column + ${4 * lanes * v}, y_base);`),
  ),
)}
${columnSums ? vectors.map((v) => sumOfColumns(v, 4 * lanes * v, epilogue.width)).join('\n') : ''}
}
`;
  },
};

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

function sumOfColumns(vector: number, offset: number, width: 1 | 4): string {
  return /* wgsl */ `
  if (row_tile == 0) {
    let total = columnSum${vector};
    let column = lane_column + ${offset};
    ${storeColumnSums(width)}
  }`;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
