import { type AttentionVariant, attentionHeads, headPlace, lines } from './attention-heads.ts';

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

/**
 * Two tiles in workgroup memory, and what comes into them: see {@link attentionHeads}.
 *
 * `tile` holds `rows` rows, and after them `COLUMNS` columns, of one piece of a head: at most 32 numbers each. So it is as large for
 * every head size: 13.5 KiB for 64 rows.
 */
export function attentionTiles(variant: AttentionVariant, rows: number, has: { hasDy: boolean }): string {
  return /* wgsl */ `
${attentionHeads(variant, has)}
const PIECES = ${piecesOf(variant.headSize)}u;
const COLUMN_OFFSETS = vec4u(${[0, 1, 2, 3].map((j) => j * LANES).join(', ')});
var<workgroup> tile: array<vec4f, ${(rows + COLUMNS) * PITCH}>;

fn sum_of(x: vec4f) -> f32 {
  return (x.x + x.y) + (x.z + x.w);
}`;
}

/** The row group and the lane of this invocation, its rows, and the head and sample of its workgroup. */
export function place(rows: number): string {
  return /* wgsl */ `
${headPlace(rows)}
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
