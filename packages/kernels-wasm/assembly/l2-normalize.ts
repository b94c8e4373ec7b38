import { loadPart, splat, storePart } from './math';
import { dotOf } from './rows';
import { madd } from './simd';

/** Rows `[rows, width]`, `rowsPerTask` of them a task; every field is 32 bits. */
@unmanaged
export class L2NormalizeArgs {
  /** 0 in the forward kernel. */
  dy: usize;
  /** `x`, and in the backward kernel `y`. */
  x: usize;
  /** `[rows]`. */
  length: usize;
  /** `y`, and in the backward kernel `dx`. */
  to: usize;
  rows: i32;
  width: i32;
  rowsPerTask: i32;
  epsilon: f32;
}

/** `length = max(|x|, epsilon)`, `y = x / length`. */
export function l2NormalizeTask(args: L2NormalizeArgs, task: i32): void {
  const first = task * args.rowsPerTask;
  const end = min(args.rows, first + args.rowsPerTask);
  for (let row = first; row < end; row++) {
    const offset = ((<usize>row) * <usize>args.width) << 2;
    const x = args.x + offset;
    const length = max<f32>(sqrt<f32>(dotOf(x, x, args.width)), args.epsilon);
    store<f32>(args.length + ((<usize>row) << 2), length);
    divideRow(x, args.to + offset, args.width, length);
  }
}

/** `dx = (dy - y (y . dy)) / length`; where the length was held at epsilon it is a constant, and `dx = dy / epsilon`. */
export function l2NormalizeGradTask(args: L2NormalizeArgs, task: i32): void {
  const first = task * args.rowsPerTask;
  const end = min(args.rows, first + args.rowsPerTask);
  for (let row = first; row < end; row++) {
    const offset = ((<usize>row) * <usize>args.width) << 2;
    const dy = args.dy + offset;
    const y = args.x + offset;
    const length = load<f32>(args.length + ((<usize>row) << 2));
    const along = dotOf(dy, y, args.width) * (length > args.epsilon ? <f32>1 : <f32>0);
    gradientRow(dy, y, args.to + offset, args.width, along, length);
  }
}

function divideRow(x: usize, to: usize, count: i32, divisor: f32): void {
  const divisors = splat(divisor);
  for (; count >= 4; count -= 4) {
    v128.store(to, f32x4.div(v128.load(x), divisors));
    x += 16;
    to += 16;
  }
  if (count > 0) storePart(to, f32x4.div(loadPart(x, count, 0), divisors), count);
}

function gradientRow(dy: usize, y: usize, to: usize, count: i32, along: f32, length: f32): void {
  const minusAlong = splat(-along);
  const lengths = splat(length);
  for (; count >= 4; count -= 4) {
    v128.store(to, f32x4.div(madd(v128.load(y), minusAlong, v128.load(dy)), lengths));
    dy += 16;
    y += 16;
    to += 16;
  }
  if (count > 0) storePart(to, f32x4.div(madd(loadPart(y, count, 0), minusAlong, loadPart(dy, count, 0)), lengths), count);
}
