import type { Shader } from '../shader.ts';
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

/** One of the sizes that an adapter reports: `[rows, depth] [depth, columns]` of halves, added up in `result`. */
export type SubgroupMatrixConfiguration = {
  readonly result: 'f32' | 'f16';
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** Invocations of a subgroup. */
  readonly subgroupSize: number;
};

/** The part of the product of a workgroup, and how deep a step of it is. */
export const SUBGROUP_MATRIX_TILE = { rows: 64, columns: 64, depth: 32 } as const;
/** Subgroups of a workgroup, two along the rows and two along the columns, and the part of the tile that each computes. */
const SUBGROUPS = 4;
const PART = 32;
/** Depth that is added up in float16 before it is added to a float32 sum. */
const HALF_SUM_DEPTH = 128;

export type SubgroupMatrixOptions = TiledProduct & { readonly configuration: SubgroupMatrixConfiguration };

/** Whether the tile can be cut into matrices of this size, in as many invocations and as much memory as every device has. */
export function fitsTile({ result, rows, columns, depth, subgroupSize }: SubgroupMatrixConfiguration): boolean {
  const divides = PART % rows === 0 && PART % columns === 0 && SUBGROUP_MATRIX_TILE.depth % depth === 0 && columns % 4 === 0;
  const bytes =
    2 * SUBGROUP_MATRIX_TILE.depth * (SUBGROUP_MATRIX_TILE.rows + SUBGROUP_MATRIX_TILE.columns) +
    SUBGROUPS * rows * columns * (result === 'f32' ? 4 : 2);
  return divides && SUBGROUPS * subgroupSize <= 256 && bytes <= 16384;
}

/**
 * `matmul` by the matrix units of the GPU (the experimental feature `chromium-experimental-subgroup-matrix` of Dawn).
 *
 * NO HARDWARE HAS RUN THIS YET: no adapter at hand reports a configuration. What is checked is that the compiler of Dawn accepts it for
 * several, and that it is not used before `subgroup-matrix.ts` has compared it with `matmul` on the device.
 *
 * A workgroup of four subgroups computes a tile of 64 x 64 in steps of 32 of the depth. All invocations load a tile of `a` and one of `b`
 * into workgroup memory as float16 (8 KiB), with the depth as the slow axis; so a left matrix is read column by column and a right one row
 * by row. Each subgroup computes a quarter of 32 x 32 as matrices of the size that the adapter reports, kept in registers. Then matrix by
 * matrix goes through workgroup memory (one of each subgroup at a time) into float32 registers of its invocations, four neighbours in a
 * row each: at the end, and where matrices are added up in float16 also after every 128 of the depth.
 *
 * Operands that are stored as float32 (parameters) are rounded to float16 when they are loaded, as is `dy` times a derivative; sums of
 * columns are of what is rounded, in float32: invocation `c` adds up the columns `4 c ..+4` in the order of depth.
 *
 * The builtins are those with a flag for the order and the distance last, which today's Dawn takes and calls deprecated, and older ones know.
 */
export const matmulSubgroupMatrix: Shader<SubgroupMatrixOptions> = {
  name: 'matmulSubgroupMatrix',
  bindings: productBindings,
  uniforms: productUniforms,
  code: ({ configuration, a, b, epilogue, columnSums }) => {
    const { rows, columns, depth, result, subgroupSize } = configuration;
    const invocations = SUBGROUPS * subgroupSize;
    const across = range(PART / rows);
    const along = range(PART / columns);
    const matrices = across.flatMap((i) => along.map((j) => ({ i, j, name: `${i}_${j}` })));
    const vectors = (rows * columns) / 4;
    const perInvocation = range(Math.ceil(vectors / subgroupSize));
    const lines = (parts: readonly string[]) => parts.join('\n');
    const half = (name: string) => (at: string, value: string) => `${name}_put(${at}, ${value});`;
    const put = (name: string) => /* wgsl */ `
fn ${name}_put(at: u32, value: vec4f) {
  let halves = vec4<f16>(value);
  ${['x', 'y', 'z', 'w'].map((part, i) => `${name}Tile[4 * at + ${i}] = halves.${part};`).join('\n  ')}
}`;
    // Rows of 4 neighbours of a matrix, numbered along its columns.
    const slot = (n: number) => `(within + ${n * subgroupSize})`;
    const flush = lines(
      matrices.map(
        ({ name }) => /* wgsl */ `
    subgroupMatrixStore(&results, subgroup * ${rows * columns}, c${name}, false, ${columns});
    workgroupBarrier();
${lines(
  perInvocation.map(
    (n) => `    if (${slot(n)} < ${vectors}) { sum${name}_${n} += four_results(subgroup * ${rows * columns} + 4 * ${slot(n)}); }`,
  ),
)}
    c${name} = subgroup_matrix_result<${result}, ${columns}, ${rows}>();
    workgroupBarrier();`,
      ),
    );
    return /* wgsl */ `
const A_VECTORS = ${SUBGROUP_MATRIX_TILE.rows / 4}u;
const B_VECTORS = ${SUBGROUP_MATRIX_TILE.columns / 4}u;
const TILE_DEPTH = ${SUBGROUP_MATRIX_TILE.depth}u;
const INVOCATIONS = ${invocations}u;
var<workgroup> aTile: array<f16, ${SUBGROUP_MATRIX_TILE.depth * SUBGROUP_MATRIX_TILE.rows}>;
var<workgroup> bTile: array<f16, ${SUBGROUP_MATRIX_TILE.depth * SUBGROUP_MATRIX_TILE.columns}>;
var<workgroup> results: array<${result}, ${SUBGROUPS * rows * columns}>;
${put('a')}
${put('b')}
${tileLoad('a', 'u.rows', a, half('a'))}
${tileLoad('b', 'u.columns', b, half('b'))}
${productEpilogue(epilogue)}
${storeFour(epilogue.width)}
fn four_results(at: u32) -> vec4f {
  return vec4f(vec4(results[at], results[at + 1], results[at + 2], results[at + 3]));
}
@compute @workgroup_size(${invocations})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) within: u32,
) {
${tilePlace(SUBGROUP_MATRIX_TILE)}
  let part_row = ${PART} * (subgroup / 2);
  let part_column = ${PART} * (subgroup % 2);
${lines(matrices.map(({ name }) => `  var c${name}: subgroup_matrix_result<${result}, ${columns}, ${rows}>;`))}
${lines(matrices.flatMap(({ name }) => perInvocation.map((n) => `  var sum${name}_${n} = vec4f();`)))}
${columnSums ? '  var total = vec4f();' : ''}
  for (var k0 = begin; k0 < end; k0 += TILE_DEPTH) {
    for (var i = lane; i < ${piecesOf(SUBGROUP_MATRIX_TILE.rows, SUBGROUP_MATRIX_TILE.depth, a)}; i += INVOCATIONS) {
      a_load(i, a_base, first_row, k0, end);
    }
    for (var i = lane; i < ${piecesOf(SUBGROUP_MATRIX_TILE.columns, SUBGROUP_MATRIX_TILE.depth, b)}; i += INVOCATIONS) {
      b_load(i, b_base, first_column, k0, end);
    }
    workgroupBarrier();
    for (var k = 0u; k < TILE_DEPTH; k += ${depth}) {
${lines(
  across.map(
    (i) =>
      `      let a${i} = subgroupMatrixLoad<subgroup_matrix_left<f16, ${depth}, ${rows}>>(&aTile, k * ${SUBGROUP_MATRIX_TILE.rows} + part_row + ${i * rows}, true, ${SUBGROUP_MATRIX_TILE.rows});`,
  ),
)}
${lines(
  along.map(
    (j) =>
      `      let b${j} = subgroupMatrixLoad<subgroup_matrix_right<f16, ${columns}, ${depth}>>(&bTile, k * ${SUBGROUP_MATRIX_TILE.columns} + part_column + ${j * columns}, false, ${SUBGROUP_MATRIX_TILE.columns});`,
  ),
)}
${lines(matrices.map(({ i, j, name }) => `      c${name} = subgroupMatrixMultiplyAccumulate(a${i}, b${j}, c${name});`))}
    }
    ${
      columnSums
        ? `if (row_tile == 0 && lane < B_VECTORS) {
      for (var k = 0u; k < TILE_DEPTH; k++) {
        let at = 4 * (k * B_VECTORS + lane);
        total += vec4f(vec4(bTile[at], bTile[at + 1], bTile[at + 2], bTile[at + 3]));
      }
    }`
        : ''
    }
    workgroupBarrier();
    ${result === 'f16' ? `if ((k0 - begin) % ${HALF_SUM_DEPTH} == ${HALF_SUM_DEPTH - SUBGROUP_MATRIX_TILE.depth}) {${flush}\n    }` : ''}
  }
${flush}
${lines(
  matrices.flatMap(({ i, j, name }) =>
    perInvocation.map(
      (n) => `  if (${slot(n)} < ${vectors}) {
    store_four(
      sum${name}_${n},
      first_row + part_row + ${i * rows} + ${slot(n)} / ${columns / 4},
      first_column + part_column + ${j * columns} + 4 * (${slot(n)} % ${columns / 4}),
      y_base,
    );
  }`,
    ),
  ),
)}
  ${
    columnSums
      ? `if (row_tile == 0 && lane < B_VECTORS) {
    let column = first_column + 4 * lane;
    ${storeColumnSums(epilogue.width)}
  }`
      : ''
  }
}
`;
  },
};

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
