import { exponentialsOf, largestOf, scaleRow } from './rows';

/** Rows `[rows, width]`, `rowsPerTask` of them a task; every field is 32 bits. */
@unmanaged
export class SoftmaxArgs {
  x: usize;
  y: usize;
  rows: i32;
  width: i32;
  rowsPerTask: i32;
}

/** `y = e^(x - max) / sum`, row by row; NaN throughout a row with NaN, with +Infinity, or of nothing but -Infinity. */
export function softmaxTask(args: SoftmaxArgs, task: i32): void {
  const first = task * args.rowsPerTask;
  const end = min(args.rows, first + args.rowsPerTask);
  const width = args.width;
  for (let row = first; row < end; row++) {
    const offset = ((<usize>row) * <usize>width) << 2;
    const y = args.y + offset;
    const sum = exponentialsOf(args.x + offset, y, width, largestOf(args.x + offset, width), 1);
    scaleRow(y, y, width, 1 / sum);
  }
}
