import { copyWords } from './copy';

/** Rows of a table by their numbers, words of 32 bits. Numbers outside of the table read and write nothing. */
@unmanaged
export class RowsArgs {
  /** Where rows come from; with {@link putRowsTask} the table to copy. */
  from: usize;
  /** Numbers of rows, int32. */
  rows: usize;
  to: usize;
  /** Numbers of rows, and rows of the table. */
  count: i32;
  tableRows: i32;
  width: i32;
  /** Tables, and tables that share the same numbers (one after the other). */
  tables: i32;
  tablesPerIndices: i32;
  /** Rows (or numbers of rows) in a task, and columns. */
  rowBlock: i32;
  rowBlocks: i32;
  columnBlock: i32;
  /** With {@link putRowsTask}: the rows to put. */
  values: usize;
  /** Whether the words are integers. */
  integer: i32;
}

/**
 * `to[t, k] = from[t, rows[t / tablesPerIndices, k]]`, zeros for numbers outside of the table. A task does a block of the pairs
 * (t, k).
 */
export function takeRowsTask(args: RowsArgs, task: i32): void {
  const width = args.width;
  const rowBytes = (<usize>width) << 2;
  const count = args.count;
  let at = task * args.rowBlock;
  const end = min(at + args.rowBlock, args.tables * count);
  let table = at / count;
  let k = at % count;
  let to = args.to + <usize>at * rowBytes;
  while (at < end) {
    const indices = args.rows + (((<usize>(table / args.tablesPerIndices)) * <usize>count) << 2);
    const base = args.from + <usize>table * <usize>args.tableRows * rowBytes;
    for (; k < count && at < end; k++) {
      const row = load<u32>(indices + ((<usize>k) << 2));
      if (row >= <u32>args.tableRows) memory.fill(to, 0, rowBytes);
      else if (width == 1) store<i32>(to, load<i32>(base + ((<usize>row) << 2)));
      else copyWords(base + <usize>row * rowBytes, to, width);
      to += rowBytes;
      at++;
    }
    k = 0;
    table++;
  }
}

/**
 * `to[r] = sum of from[k] over rows[k] = r`, in the order of k. A task owns a block of rows and columns of `to`, and looks
 * through all numbers: so the order does not depend on how the work is divided.
 */
export function addRowsTask(args: RowsArgs, task: i32): void {
  const firstRow = (task % args.rowBlocks) * args.rowBlock;
  const rows = min(args.tableRows - firstRow, args.rowBlock);
  const firstColumn = (task / args.rowBlocks) * args.columnBlock;
  const columns = min(args.width - firstColumn, args.columnBlock);
  const rowBytes = (<usize>args.width) << 2;
  const from = args.from + ((<usize>firstColumn) << 2);
  const to = args.to + <usize>firstRow * rowBytes + ((<usize>firstColumn) << 2);
  for (let row = 0; row < rows; row++) memory.fill(to + <usize>row * rowBytes, 0, (<usize>columns) << 2);
  for (let k = 0; k < args.count; k++) {
    const row = load<i32>(args.rows + ((<usize>k) << 2)) - firstRow;
    if (<u32>row >= <u32>rows) continue;
    if (args.integer != 0) addIntegers(from + <usize>k * rowBytes, to + <usize>row * rowBytes, columns);
    else addFloats(from + <usize>k * rowBytes, to + <usize>row * rowBytes, columns);
  }
}

/** `to = from` with row rows[k] replaced by values[k]; of several for one row the last stays. A task owns a block of rows. */
export function putRowsTask(args: RowsArgs, task: i32): void {
  const first = task * args.rowBlock;
  const rows = min(args.tableRows - first, args.rowBlock);
  const rowBytes = (<usize>args.width) << 2;
  const to = args.to + <usize>first * rowBytes;
  memory.copy(to, args.from + <usize>first * rowBytes, <usize>rows * rowBytes);
  for (let k = 0; k < args.count; k++) {
    const row = load<i32>(args.rows + ((<usize>k) << 2)) - first;
    if (<u32>row < <u32>rows) copyWords(args.values + <usize>k * rowBytes, to + <usize>row * rowBytes, args.width);
  }
}

function addFloats(from: usize, to: usize, length: i32): void {
  for (; length >= 4; length -= 4) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    from += 16;
    to += 16;
  }
  for (; length > 0; length--) {
    store<f32>(to, load<f32>(to) + load<f32>(from));
    from += 4;
    to += 4;
  }
}

function addIntegers(from: usize, to: usize, length: i32): void {
  for (; length > 0; length--) {
    store<i32>(to, load<i32>(to) + load<i32>(from));
    from += 4;
    to += 4;
  }
}
