import type { Access } from '../shader.ts';

/** What every attention shader is specialised by. */
export type AttentionVariant = {
  /** 1 to {@link MOST_HEAD_SIZE}. */
  readonly headSize: number;
  readonly isMasked: boolean;
  readonly isRotary: boolean;
};

/** Accumulators of longer heads would not fit into registers. */
export const MOST_HEAD_SIZE = 128;

/** Invocations of a workgroup: `ROW_GROUPS` times `LANES`. */
export const INVOCATIONS = 128;
/** Rows of the one tile that an invocation works on lie this far apart. */
export const ROW_GROUPS = 16;
/** Columns that an invocation works on lie this far apart; so do its vectors of a row of a product. */
export const LANES = 8;
/** Rows of the other tile: four to a lane, so that an invocation's scores of a row are one vector. */
export const COLUMNS = 4 * LANES;
/** Vectors of four between rows of a tile: one more than there are, so that rows side by side lie in different banks. */
const PITCH = LANES + 1;

/** In how many pieces a head goes through workgroup memory: of `LANES` vectors of four, and what is left for the last. */
export function piecesOf(headSize: number): number {
  return Math.ceil(headSize / (4 * LANES));
}

/** How tensors made of heads are read: four numbers at once where every head is whole vectors. */
export function readHeads(headSize: number): Access {
  return headSize % 4 === 0 ? 'read4' : 'read';
}

/** How tensors made of heads are written. */
export function writeHeads(headSize: number): Access {
  return headSize % 4 === 0 ? 'write4' : 'write';
}

/** Those of all attention shaders; `rotaryStride` is how many elements of a table belong to a sample, 0 where all samples share them. */
export const attentionUniforms = {
  batch: 'u32',
  tokens: 'u32',
  heads: 'u32',
  rotaryStride: 'u32',
  causal: 'u32',
  scale: 'f32',
} as const;

/** Lines of WGSL for 0 to count - 1. Registers that are told apart by name stay registers; elements of an array may not. */
export function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('\n');
}

/**
 * Two tiles in workgroup memory, and `head_vector(kind, token, d)`, the vectors of four that come into them: the `d`-th of a token in the
 * head `head` of the sample `sample`. The kind is `Q` (scaled and turned), `K` (turned), `V`, or with `hasDy` the gradient `DY`. Numbers
 * past the end of a head are 0.
 *
 * `tile` holds `rows` rows, and after them `COLUMNS` columns, of one piece of a head: at most 32 numbers each. So it is as large for
 * every head size: 13.5 KiB for 64 rows.
 */
export function attentionTiles({ headSize, isRotary }: AttentionVariant, rows: number, { hasDy }: { hasDy: boolean }): string {
  return /* wgsl */ `
const HEAD = ${headSize % 4 === 0 ? headSize / 4 : headSize}u; // elements of a head
const VECTORS = ${Math.ceil(headSize / 4)}u; // of four numbers, of a head; the last may be partly empty
const PIECES = ${piecesOf(headSize)}u;
const Q = 0u;
const K = 1u;
const V = 2u;
const DY = 3u;
const MASKED = -1e30;
const COLUMN_OFFSETS = vec4u(${[0, 1, 2, 3].map((j) => j * LANES).join(', ')});
var<private> sample: u32;
var<private> head: u32;
var<workgroup> tile: array<vec4f, ${(rows + COLUMNS) * PITCH}>;

fn part_of_qkv(token: u32, part: u32) -> u32 {
  return (((sample * u.tokens + token) * 3 + part) * u.heads + head) * HEAD;
}
fn part_of_y(token: u32) -> u32 {
  return ((sample * u.tokens + token) * u.heads + head) * HEAD;
}
${readFour('qkv', headSize)}
${hasDy ? readFour('dy', headSize) : ''}
${isRotary ? rotation(headSize) : ''}
fn head_vector(kind: u32, token: u32, d: u32) -> vec4f {
  ${hasDy ? 'if (kind == DY) { return read_dy(part_of_y(token), d); }' : ''}
  let x = read_qkv(part_of_qkv(token, kind), d) * select(1, u.scale, kind == Q);
  ${isRotary ? 'if (kind != V) { return turned(x, token, d); }' : ''}
  return x;
}
fn sum_of(x: vec4f) -> f32 {
  return (x.x + x.y) + (x.z + x.w);
}`;
}

/** `turned` and its transpose, `turned_back`: pairs by the angles of their token. */
function rotation(headSize: number): string {
  return /* wgsl */ `
${readFour('cosines', headSize)}
${readFour('sines', headSize)}
fn turned(x: vec4f, token: u32, d: u32) -> vec4f {
  let start = sample * u.rotaryStride + token * HEAD;
  return x * read_cosines(start, d) + vec4f(-x.y, x.x, -x.w, x.z) * read_sines(start, d);
}
fn turned_back(dx: vec4f, token: u32, d: u32) -> vec4f {
  let start = sample * u.rotaryStride + token * HEAD;
  let t = dx * read_sines(start, d);
  return dx * read_cosines(start, d) + vec4f(t.y, -t.x, t.w, -t.z);
}`;
}

/** `read_x(start, d)`: the `d`-th vector of four of the head that begins at the element `start`. */
export function readFour(name: string, headSize: number): string {
  const signature = `fn read_${name}(start: u32, d: u32) -> vec4f`;
  if (headSize % 4 === 0) return `${signature} { return vec4f(${name}[start + d]); }`;
  const number = (i: number) => `select(0.0, f32(${name}[start + min(4 * d + ${i}, HEAD - 1)]), 4 * d + ${i} < HEAD)`;
  return `${signature} { return vec4f(${[0, 1, 2, 3].map(number).join(', ')}); }`;
}

/** `write_x(start, d, value)`: the same place, written. */
export function writeFour(name: string, headSize: number): string {
  const signature = `fn write_${name}(start: u32, d: u32, value: vec4f)`;
  if (headSize % 4 === 0) return `${signature} { ${name}[start + d] = ${name}_element(value); }`;
  const number = (i: number) => `  if (4 * d + ${i} < HEAD) { ${name}[start + 4 * d + ${i}] = ${name}_element(value[${i}]); }`;
  return `${signature} {\n${lines(4, number)}\n}`;
}

/** The row group and the lane of this invocation, its rows, and the head and sample of its workgroup. */
export function place(rows: number): string {
  return /* wgsl */ `
  let blocks = (u.tokens + ${rows - 1}) / ${rows};
  let index = workgroup_index(id, count);
  if (index >= blocks * u.heads * u.batch) {
    return;
  }
  head = index / blocks % u.heads;
  sample = index / blocks / u.heads;
  let first_row = index % blocks * ${rows};
  let row_group = invocation / ${LANES};
  let lane = invocation % ${LANES};`;
}

/**
 * Fills the tile of `rows` rows with the piece `piece` of the tokens from `first_row` on (unless `only_columns`) and those from
 * `first_column` on; zeros past the last token and past the end of the head. Neighbours in a workgroup read neighbouring vectors: the 128
 * bytes (64 as halves) of a token, then those of the next. Which kind a row is of is the same for all of a workgroup.
 */
export function fill(rows: number, rowKind: string, columnKind: string, onlyColumns: string): string {
  const rowTurns = rows / ROW_GROUPS;
  return /* wgsl */ `
    for (var turn = select(0u, ${rowTurns}u, ${onlyColumns}); turn < ${rowTurns + COLUMNS / ROW_GROUPS}; turn++) {
      let is_row = turn < ${rowTurns};
      let row = turn * ${ROW_GROUPS} + row_group;
      let token = row + select(first_column - ${rows}, first_row, is_row);
      let d = piece * ${LANES} + lane;
      var value = vec4f();
      if (token < u.tokens && d < VECTORS) {
        value = head_vector(select(${columnKind}, ${rowKind}, is_row), token, d);
      }
      tile[row * ${PITCH} + lane] = value;
    }`;
}

/**
 * Adds to `s0`, `s1`, ... the products of this invocation's rows (`row_group + 16 i`) with its four columns (`lane + 8 j`, the components)
 * over the piece of the head in the tile: `rowsEach + 4` reads of vectors for `16 rowsEach` multiply-adds. The sum over the head runs in
 * order, the same in every shader, so that all compute the same scores.
 */
export function addProducts(rowsEach: number): string {
  return /* wgsl */ `
      for (var d = 0u; d < min(${LANES}, VECTORS - piece * ${LANES}); d++) {
${lines(4, (j) => `        let c${j} = tile[(${rowsEach * ROW_GROUPS + j * LANES} + lane) * ${PITCH} + d];`)}
${lines(rowsEach, (i) => `        let r${i} = tile[(${i * ROW_GROUPS} + row_group) * ${PITCH} + d];`)}
${lines(rowsEach, (i) => `        s${i} += vec4f(dot(r${i}, c0), dot(r${i}, c1), dot(r${i}, c2), dot(r${i}, c3));`)}
      }`;
}

/**
 * Sets `s0`, `s1`, ... to the products of this invocation's rows of weights with the columns' piece of a head, of which it takes the
 * vector `lane`. The rows of the tile hold weights: in vector `l` those of the columns `l`, `l + 8`, `l + 16`, `l + 24`, as
 * {@link storeWeights} laid them; in this order they are summed.
 */
export function weightedSums(rowsEach: number): string {
  return /* wgsl */ `
${lines(rowsEach, (i) => `      s${i} = vec4f();`)}
      for (var l = 0u; l < ${LANES}; l++) {
${lines(4, (j) => `        let c${j} = tile[(${rowsEach * ROW_GROUPS + j * LANES} + l) * ${PITCH} + lane];`)}
${lines(rowsEach, (i) => `        let w${i} = tile[(${i * ROW_GROUPS} + row_group) * ${PITCH} + l];`)}
${lines(rowsEach, (i) => lines(4, (j) => `        s${i} += w${i}[${j}] * c${j};`))}
      }`;
}

/** Puts this invocation's weights `name0`, `name1`, ... into the rows of the tile. */
export function storeWeights(name: string, rowsEach: number): string {
  return lines(rowsEach, (i) => `        tile[(${i * ROW_GROUPS} + row_group) * ${PITCH} + lane] = ${name}${i};`);
}

/** A line of code that differs by a number, the same in all of a workgroup: so that every piece of the head has registers of its own. */
export function oneOf(number: string, count: number, code: (index: number) => string): string {
  return `      switch ${number} {\n${lines(count, (index) => `        case ${index}: {\n${code(index)}\n        }`)}\n        default: {}\n      }`;
}
