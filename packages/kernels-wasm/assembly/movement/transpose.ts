import { startWalk, Walk } from '../axes';

/**
 * `to[i..., c, r] = from[i..., r, c]`, words of 32 bits: a batch of matrices `[rows, columns]`, each transposed. Rows of `from`
 * and of `to` lie in one run each; a large matrix is divided into blocks.
 */
@unmanaged
export class TransposeArgs {
  from: usize;
  to: usize;
  rows: i32;
  columns: i32;
  /** Distance in bytes of the rows of `from`, and of the rows of `to`. */
  fromStride: i32;
  toStride: i32;
  rowBlock: i32;
  rowBlocks: i32;
  columnBlock: i32;
  columnBlocks: i32;
  units: i32;
  unitsPerTask: i32;
  /** See {@link Walk}; p is in `from`, q in `to`. */
  axes: i32;
}

/** Columns that are done together: one cache line of `from`, and as many lines of `to` open at a time. */
const STRIP: i32 = 16;

export function transposeTask(args: TransposeArgs, task: i32, scratch: usize): void {
  const walk = changetype<Walk>(scratch);
  const axes = changetype<usize>(args) + offsetof<TransposeArgs>('axes');
  const end = min((task + 1) * args.unitsPerTask, args.units);
  for (let unit = task * args.unitsPerTask; unit < end; unit++) {
    const column = (unit % args.columnBlocks) * args.columnBlock;
    const rows = unit / args.columnBlocks;
    const row = (rows % args.rowBlocks) * args.rowBlock;
    startWalk(walk, axes, args.from, args.to, rows / args.rowBlocks);
    transposeRows(
      walk.p + <usize>row * <usize>args.fromStride + ((<usize>column) << 2),
      <usize>args.fromStride,
      walk.q + <usize>column * <usize>args.toStride + ((<usize>row) << 2),
      <usize>args.toStride,
      min(args.rows - row, args.rowBlock),
      min(args.columns - column, args.columnBlock),
    );
  }
}

function transposeRows(from: usize, fromStride: usize, to: usize, toStride: usize, rows: i32, columns: i32): void {
  let column = 0;
  while (column < columns) {
    const width = min(columns - column, STRIP);
    const source = from + ((<usize>column) << 2);
    const target = to + <usize>column * toStride;
    let row = 0;
    while (row + 4 <= rows) {
      // Whole lines of `to`, where there are rows for them: four at a time are open, and rows of equal distance do not drive each
      // other out.
      const lastRow = row + min((rows - row) & ~3, STRIP);
      let done = 0;
      for (; done + 4 <= width; done += 4) {
        const p = source + ((<usize>done) << 2);
        const q = target + <usize>done * toStride;
        for (let at = row; at < lastRow; at += 4) {
          transposeFour(p + <usize>at * fromStride, fromStride, q + ((<usize>at) << 2), toStride);
        }
      }
      for (; done < width; done++) {
        const p = source + ((<usize>done) << 2);
        const q = target + <usize>done * toStride;
        for (let at = row; at < lastRow; at += 4) transposeColumn(p + <usize>at * fromStride, fromStride, q + ((<usize>at) << 2));
      }
      row = lastRow;
    }
    for (; row < rows; row++) {
      const p = source + <usize>row * fromStride;
      let q = target + ((<usize>row) << 2);
      for (let done = 0; done < width; done++) {
        store<i32>(q, load<i32>(p + ((<usize>done) << 2)));
        q += toStride;
      }
    }
    column += width;
  }
}

// @ts-ignore: decorator
@inline
function transposeFour(from: usize, fromStride: usize, to: usize, toStride: usize): void {
  const x0 = v128.load(from);
  const x1 = v128.load(from + fromStride);
  const x2 = v128.load(from + 2 * fromStride);
  const x3 = v128.load(from + 3 * fromStride);
  const low01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
  v128.store(to + toStride, v128.shuffle<i64>(low01, low23, 1, 3));
  v128.store(to + 2 * toStride, v128.shuffle<i64>(high01, high23, 0, 2));
  v128.store(to + 3 * toStride, v128.shuffle<i64>(high01, high23, 1, 3));
}

/** Four rows of one column. */
// @ts-ignore: decorator
@inline
function transposeColumn(from: usize, fromStride: usize, to: usize): void {
  store<i32>(to, load<i32>(from));
  store<i32>(to, load<i32>(from + fromStride), 4);
  store<i32>(to, load<i32>(from + 2 * fromStride), 8);
  store<i32>(to, load<i32>(from + 3 * fromStride), 12);
}
