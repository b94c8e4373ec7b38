import { PANEL_COLUMNS, TILE_ROWS } from '../../src/product-blocks';
import { loadPart, storePart } from '../math';
import { storePair } from '../simd';

/** Bytes from one step of depth to the next in a packed panel. */
const PANEL_STRIDE: usize = 4 * PANEL_COLUMNS;
const ROWS_STRIDE: usize = 4 * TILE_ROWS;

/**
 * Copies `rows <= 6` rows of a matrix into a panel `[depth, 6]` that {@link multiplyTiles} reads from front to back; rows that are
 * not there become zeros. Element `(i, k)` of the matrix is `rowStride * i + depthStride * k` floats from `from`; one of the
 * strides is 1, so that a transposed operand costs no copy but this one.
 */
export function packRows(from: usize, rowStride: i32, depthStride: i32, rows: i32, depth: i32, to: usize): void {
  if (rows < TILE_ROWS) return packPart(from, rowStride, depthStride, rows, TILE_ROWS, depth, to, ROWS_STRIDE);
  if (rowStride == 1) {
    const step = (<usize>depthStride) << 2;
    for (let k = 0; k < depth; k++) {
      v128.store(to, v128.load(from));
      store<i64>(to, load<i64>(from, 16), 16);
      from += step;
      to += 4 * TILE_ROWS;
    }
    return;
  }
  const step = (<usize>rowStride) << 2;
  const row2 = from + 2 * step;
  const row4 = from + 4 * step;
  let at: usize = 0;
  let k = 0;
  for (; k + 4 <= depth; k += 4) {
    const x0 = v128.load(from + at);
    const x1 = v128.load(from + step + at);
    const x2 = v128.load(row2 + at);
    const x3 = v128.load(row2 + step + at);
    const x4 = v128.load(row4 + at);
    const x5 = v128.load(row4 + step + at);
    const low01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
    const low23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
    const high23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
    const low45 = v128.shuffle<f32>(x4, x5, 0, 4, 1, 5);
    const high45 = v128.shuffle<f32>(x4, x5, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
    v128.store64_lane(to, low45, 0, 16);
    v128.store(to, v128.shuffle<i64>(low01, low23, 1, 3), 24);
    v128.store64_lane(to, low45, 1, 40);
    v128.store(to, v128.shuffle<i64>(high01, high23, 0, 2), 48);
    v128.store64_lane(to, high45, 0, 64);
    v128.store(to, v128.shuffle<i64>(high01, high23, 1, 3), 72);
    v128.store64_lane(to, high45, 1, 88);
    at += 16;
    to += 16 * TILE_ROWS;
  }
  packPart(from + at, rowStride, depthStride, rows, TILE_ROWS, depth - k, to, ROWS_STRIDE);
}

/** As {@link packRows}, for `columns <= 16` columns of the right-hand matrix and a panel `[depth, 16]`. */
export function packColumns(from: usize, columnStride: i32, depthStride: i32, columns: i32, depth: i32, to: usize): void {
  if (columnStride == 1 && columns == PANEL_COLUMNS) return packWholeRows(from, depthStride, depth, to);
  for (let column = 0; column < PANEL_COLUMNS; column += 4) {
    packFourColumns(from, columnStride, depthStride, max(0, min(columns - column, 4)), depth, to);
    from += (<usize>columnStride) << 4;
    to += 16;
  }
}

/** Copies the sixteen columns of a panel, which lie side by side. */
function packWholeRows(from: usize, depthStride: i32, depth: i32, to: usize): void {
  const step = (<usize>depthStride) << 2;
  for (let k = 0; k < depth; k++) {
    const x0 = v128.load(from);
    const x1 = v128.load(from, 16);
    const x2 = v128.load(from, 32);
    const x3 = v128.load(from, 48);
    storePair(to + 32, x2, x3);
    storePair(to, x0, x1);
    from += step;
    to += PANEL_STRIDE;
  }
}

/** Copies `columns <= 4` columns into four lanes of a panel. */
function packFourColumns(from: usize, columnStride: i32, depthStride: i32, columns: i32, depth: i32, to: usize): void {
  let k = 0;
  if (columns == 4 && columnStride == 1) {
    const step = (<usize>depthStride) << 2;
    for (; k < depth; k++) {
      v128.store(to, v128.load(from));
      from += step;
      to += PANEL_STRIDE;
    }
  } else if (columns == 4) {
    const step = (<usize>columnStride) << 2;
    for (; k + 4 <= depth; k += 4) {
      packFour(from, step, to);
      from += 16;
      to += 4 * PANEL_STRIDE;
    }
  }
  packPart(from, columnStride, depthStride, columns, 4, depth - k, to, PANEL_STRIDE);
}

/**
 * The sum over depth of each of `columns` packed columns: four running sums (steps 0, 4, ..., 1, 5, ... and so on) added at the
 * end, to what is there with `accumulate`.
 */
export function sumPackedColumns(packed: usize, columns: i32, depth: i32, to: usize, accumulate: bool): void {
  for (let column = 0; column < columns; column += 4) {
    let at = packed + (<usize>(column % PANEL_COLUMNS) << 2);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let k = depth;
    for (; k >= 4; k -= 4) {
      s0 = f32x4.add(s0, v128.load(at));
      s1 = f32x4.add(s1, v128.load(at, 4 * PANEL_COLUMNS));
      s2 = f32x4.add(s2, v128.load(at, 8 * PANEL_COLUMNS));
      s3 = f32x4.add(s3, v128.load(at, 12 * PANEL_COLUMNS));
      at += 16 * PANEL_COLUMNS;
    }
    for (; k > 0; k--) {
      s0 = f32x4.add(s0, v128.load(at));
      at += 4 * PANEL_COLUMNS;
    }
    const sums = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
    const left = columns - column;
    if (left >= 4) v128.store(to, accumulate ? f32x4.add(v128.load(to), sums) : sums);
    else storePart(to, accumulate ? f32x4.add(loadPart(to, left, 0), sums) : sums, left);
    to += 16;
    if (column % PANEL_COLUMNS == PANEL_COLUMNS - 4) packed += (<usize>depth) * PANEL_STRIDE;
  }
}

/** Transposes a block of four columns and four steps of depth into a panel. */
// @ts-ignore: decorator
@inline
function packFour(from: usize, step: usize, to: usize): void {
  const x0 = v128.load(from);
  const x1 = v128.load(from + step);
  const x2 = v128.load(from + 2 * step);
  const x3 = v128.load(from + 3 * step);
  const low01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
  v128.store(to, v128.shuffle<i64>(low01, low23, 1, 3), 4 * PANEL_COLUMNS);
  v128.store(to, v128.shuffle<i64>(high01, high23, 0, 2), 8 * PANEL_COLUMNS);
  v128.store(to, v128.shuffle<i64>(high01, high23, 1, 3), 12 * PANEL_COLUMNS);
}

/** The general case, one element after the other: `lanes` of `width` lanes, the others zero; steps of depth are `stride` bytes apart. */
function packPart(
  from: usize,
  laneStride: i32,
  depthStride: i32,
  lanes: i32,
  width: i32,
  depth: i32,
  to: usize,
  stride: usize,
): void {
  for (let k = 0; k < depth; k++) {
    let at = from;
    for (let lane = 0; lane < width; lane++) {
      store<f32>(to + ((<usize>lane) << 2), lane < lanes ? load<f32>(at) : 0);
      if (lane < lanes) at += (<usize>laneStride) << 2;
    }
    from += (<usize>depthStride) << 2;
    to += stride;
  }
}
