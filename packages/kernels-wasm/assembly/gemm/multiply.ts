import { DEPTH_BLOCK, PANEL_COLUMNS, ROW_BLOCK, TILE_COLUMNS, TILE_ROWS } from '../../src/product-blocks';
import { element } from './element';
import { packColumns, packRows } from './pack';
import { multiplyTiles } from './tile';
import { multiplyWideTiles } from './tile-wide';
import { WIDE } from './wide';

/** Bytes that `columns` columns of depth `depth` take when packed. */
// @ts-ignore: decorator
@inline
export function packedColumnsBytes(columns: i32, depth: i32): usize {
  return (<usize>((columns + PANEL_COLUMNS - 1) / PANEL_COLUMNS)) * (<usize>depth) * (4 * PANEL_COLUMNS);
}

/** As {@link packedColumnsBytes}, for rows. */
// @ts-ignore: decorator
@inline
export function packedRowsBytes(rows: i32, depth: i32): usize {
  return (<usize>((rows + TILE_ROWS - 1) / TILE_ROWS)) * (<usize>depth) * (4 * TILE_ROWS);
}

/** The distance of the rows of a matrix that is packed. */
export const PACKED: i32 = 0;
/** Rows of a right-hand matrix that stay in the L1 cache together. */
const MOST_ROWS_IN_PLACE: i32 = 128;
/** Rows that are a multiple of this apart (1 KiB) fall into a sixteenth of the sets of an L1 cache, or less. */
const CROWDING_STRIDE: i32 = 256;
/** Rows of a transposed matrix that are at most as far apart as this (512 bytes) are read where they lie. */
const LONGEST_PANEL_STEP: i32 = 128;
const PANEL_STRIDE: usize = 4 * PANEL_COLUMNS;
const EDGE_BYTES: usize = PANEL_STRIDE * TILE_ROWS;

/** Packs the columns `[0, columns)` of B (depth x columns), panel after panel, each with its whole depth. */
export function packAllColumns(b: usize, columnStride: i32, depthStride: i32, columns: i32, depth: i32, to: usize): void {
  for (let column = 0; column < columns; column += PANEL_COLUMNS) {
    packColumns(b, columnStride, depthStride, min(columns - column, PANEL_COLUMNS), depth, to);
    b += (<usize>columnStride) * PANEL_STRIDE;
    to += (<usize>depth) * PANEL_STRIDE;
  }
}

/**
 * `c [rows, columns] = bias + a b`, or `c += a b` with `accumulate`: `a [rows, depth]` anywhere in memory, or packed by
 * {@link packAllRows} (`rowStride` is then {@link PACKED}), `b` packed by {@link packAllColumns}, `bias [columns]` or 0. Every element is
 * summed from the first to the last step of depth, however rows and columns are divided among calls. `scratch` has
 * {@link MULTIPLY_SCRATCH_BYTES} bytes.
 */
export function multiplyPacked(
  a: usize,
  rowStride: i32,
  depthStride: i32,
  rows: i32,
  depth: i32,
  packedB: usize,
  columns: i32,
  bias: usize,
  c: usize,
  cStride: i32,
  accumulate: bool,
  scratch: usize,
): void {
  const panel = (<usize>depth) * PANEL_STRIDE;
  multiply(a, rowStride, depthStride, rows, depth, packedB, PANEL_STRIDE, panel, columns, bias, c, cStride, accumulate, scratch);
}

/**
 * As {@link multiplyPacked}, with `b [depth, columns]` not packed: rows `bStride` floats apart. `scratch` has
 * `packedColumnsBytes(columns, depth)` more.
 */
export function multiplyRows(
  a: usize,
  rowStride: i32,
  depthStride: i32,
  rows: i32,
  depth: i32,
  b: usize,
  bStride: i32,
  columns: i32,
  c: usize,
  cStride: i32,
  accumulate: bool,
  scratch: usize,
): void {
  // Read where they lie are whole panels whose rows stay in the L1 cache: few, and not crowded into the same sets.
  if (columns % PANEL_COLUMNS != 0 || depth > MOST_ROWS_IN_PLACE || bStride % CROWDING_STRIDE == 0) {
    packAllColumns(b, 1, bStride, columns, depth, scratch);
    const rest = scratch + packedColumnsBytes(columns, depth);
    return multiplyPacked(a, rowStride, depthStride, rows, depth, scratch, columns, 0, c, cStride, accumulate, rest);
  }
  const step = (<usize>bStride) << 2;
  multiply(a, rowStride, depthStride, rows, depth, b, step, PANEL_STRIDE, columns, 0, c, cStride, accumulate, scratch);
}

/** `b`: its rows are `bStep` bytes apart within a panel, and its panels `bPanel` bytes. */
function multiply(
  a: usize,
  rowStride: i32,
  depthStride: i32,
  rows: i32,
  depth: i32,
  b: usize,
  bStep: usize,
  bPanel: usize,
  columns: i32,
  bias: usize,
  c: usize,
  cStride: i32,
  accumulate: bool,
  scratch: usize,
): void {
  const edge = scratch;
  const zeros = scratch + EDGE_BYTES;
  const packedA = zeros + PANEL_STRIDE;
  const strideBytes = (<usize>cStride) << 2;
  memory.fill(zeros, 0, PANEL_STRIDE);
  const isPacked = rowStride == PACKED;
  // The transpose of a small matrix is a row of panels where it lies, but for the panel at its edge.
  const isPanels = rowStride == 1 && depthStride <= LONGEST_PANEL_STEP;
  const aStep: usize = isPacked ? 4 * TILE_ROWS : (<usize>depthStride) << 2;
  const aPanel: usize = isPacked ? <usize>depth * (4 * TILE_ROWS) : 4 * TILE_ROWS;
  // Equal parts: a last one of few steps would cost as much beside its products as a whole one.
  const parts = (depth + DEPTH_BLOCK - 1) / DEPTH_BLOCK;
  const part = parts > 0 ? (depth + parts - 1) / parts : 0;
  for (let first = 0; first < rows; first += ROW_BLOCK) {
    const height = min(rows - first, ROW_BLOCK);
    const inPlace = isPacked ? height : isPanels ? height - (height % TILE_ROWS) : 0;
    let done = 0;
    do {
      const steps = min(depth - done, part);
      const goesOn = accumulate || done > 0;
      const block = isPacked
        ? a + packedRowsBytes(first, depth) + <usize>done * aStep
        : element(a, rowStride, depthStride, first, done);
      packAllRows(element(block, rowStride, depthStride, inPlace, 0), rowStride, depthStride, height - inPlace, steps, packedA);
      let panelB = b + <usize>done * bStep;
      for (let column = 0; column < columns; column += PANEL_COLUMNS) {
        const tile = c + (<usize>first) * strideBytes + ((<usize>column) << 2);
        const width = min(columns - column, PANEL_COLUMNS);
        const start = goesOn ? tile : bias == 0 ? zeros : bias + ((<usize>column) << 2);
        const startStride = goesOn ? strideBytes : 0;
        const isPadded = bias == 0 && !goesOn;
        multiplyPanels(block, aStep, aPanel, panelB, bStep, inPlace, width, steps, start, startStride, isPadded, tile, strideBytes, edge);
        const down = <usize>inPlace;
        multiplyPanels(
          packedA,
          4 * TILE_ROWS,
          (<usize>steps) * (4 * TILE_ROWS),
          panelB,
          bStep,
          height - inPlace,
          width,
          steps,
          start + down * startStride,
          startStride,
          isPadded,
          tile + down * strideBytes,
          strideBytes,
          edge,
        );
        panelB += bPanel;
      }
      done += steps;
    } while (done < depth);
  }
}

/**
 * Rows of a block with one panel of B. The panels of A are `aPanel` bytes apart. `start` is what the sums begin with; it has `width`
 * columns, or all of the panel if `startIsPadded`.
 */
function multiplyPanels(
  a: usize,
  aStep: usize,
  aPanel: usize,
  b: usize,
  bStep: usize,
  height: i32,
  width: i32,
  steps: i32,
  start: usize,
  startStride: usize,
  startIsPadded: bool,
  c: usize,
  strideBytes: usize,
  edge: usize,
): void {
  const whole = width % TILE_COLUMNS == 0 ? height / TILE_ROWS : 0;
  multiplyColumns(a, aStep, aPanel, b, bStep, width, whole, steps, start, startStride, c, strideBytes);
  const done = <usize>whole * TILE_ROWS;
  a += <usize>whole * aPanel;
  start += done * startStride;
  c += done * strideBytes;
  for (height -= whole * TILE_ROWS; height > 0; height -= TILE_ROWS) {
    const rows = min(height, TILE_ROWS);
    if (!startIsPadded) copyRows(start, startStride, edge, PANEL_STRIDE, rows, width);
    const from = startIsPadded ? start : edge;
    multiplyColumns(a, aStep, 0, b, bStep, width, 1, steps, from, startIsPadded ? 0 : PANEL_STRIDE, edge, PANEL_STRIDE);
    copyRows(edge, PANEL_STRIDE, c, strideBytes, rows, width);
    a += aPanel;
    start += <usize>TILE_ROWS * startStride;
    c += <usize>TILE_ROWS * strideBytes;
  }
}

/** As {@link multiplyTiles}, of the first `width` columns of a panel, rounded up to whole tiles. */
function multiplyColumns(
  a: usize,
  aStep: usize,
  aPanel: usize,
  b: usize,
  bStep: usize,
  width: i32,
  count: i32,
  steps: i32,
  start: usize,
  startStride: usize,
  c: usize,
  stride: usize,
): void {
  if (width <= TILE_COLUMNS) return multiplyTiles(a, aStep, aPanel, b, bStep, count, steps, start, startStride, c, stride);
  if (WIDE != 0) return multiplyWideTiles(a, aStep, aPanel, b, bStep, count, steps, start, startStride, c, stride);
  const next: usize = 4 * TILE_COLUMNS;
  multiplyTiles(a, aStep, aPanel, b, bStep, count, steps, start, startStride, c, stride);
  multiplyTiles(a, aStep, aPanel, b + next, bStep, count, steps, start + next, startStride, c + next, stride);
}

/** Packs the rows `[0, rows)` of A (rows x depth), panel after panel, each with its whole depth. */
export function packAllRows(a: usize, rowStride: i32, depthStride: i32, rows: i32, depth: i32, to: usize): void {
  for (let row = 0; row < rows; row += TILE_ROWS) {
    packRows(a, rowStride, depthStride, min(rows - row, TILE_ROWS), depth, to);
    a += (<usize>rowStride) * (4 * TILE_ROWS);
    to += (<usize>depth) * (4 * TILE_ROWS);
  }
}

/** Copies `rows` rows of `width` floats. */
function copyRows(from: usize, fromStride: usize, to: usize, toStride: usize, rows: i32, width: i32): void {
  for (let row = 0; row < rows; row++) {
    for (let column: usize = 0; column < <usize>width << 2; column += 4) store<f32>(to + column, load<f32>(from + column));
    from += fromStride;
    to += toStride;
  }
}
