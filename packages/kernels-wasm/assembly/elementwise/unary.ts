import { storePair } from '../simd';

/** `y = f(x)` for `count` values, `block` of them in a task. */
@unmanaged
export class UnaryArgs {
  x: usize;
  y: usize;
  operation: i32;
  count: i32;
  block: i32;
}

export function unaryTask(args: UnaryArgs, task: i32): void {
  const first = task * args.block;
  const x = args.x + ((<usize>first) << 2);
  const y = args.y + ((<usize>first) << 2);
  const count = min(args.count - first, args.block);
  switch (args.operation) {
    case 0:
      return compute(0, x, y, count);
    case 1:
      return compute(1, x, y, count);
    case 2:
      return compute(2, x, y, count);
    case 3:
      return compute(3, x, y, count);
    default:
      return compute(4, x, y, count);
  }
}

/** Square, square root, `1 / sqrt(x)`, `1 / x`, `max(x, 0)`. */
// @ts-ignore: decorator
@inline
function apply(operation: i32, x: v128): v128 {
  if (operation == 0) return f32x4.mul(x, x);
  if (operation == 1) return f32x4.sqrt(x);
  if (operation == 2) return f32x4.div(f32x4.splat(1), f32x4.sqrt(x));
  if (operation == 3) return f32x4.div(f32x4.splat(1), x);
  // One instruction, where max takes several; x itself where x is NaN.
  return f32x4.pmax(x, f32x4.splat(0));
}

// @ts-ignore: decorator
@inline
function compute(operation: i32, x: usize, y: usize, count: i32): void {
  for (; count >= 8; count -= 8) {
    const y0 = apply(operation, v128.load(x));
    const y1 = apply(operation, v128.load(x, 16));
    storePair(y, y0, y1);
    x += 32;
    y += 32;
  }
  for (; count > 0; count--) {
    v128.store32_lane(y, apply(operation, v128.load32_splat(x)), 0);
    x += 4;
    y += 4;
  }
}

/** `y = condition ? a : b` for `count` words or bytes, `block` of them in a task; the condition is one byte a value. */
@unmanaged
export class SelectArgs {
  condition: usize;
  a: usize;
  b: usize;
  y: usize;
  count: i32;
  block: i32;
}

export function selectTask(args: SelectArgs, task: i32): void {
  const first = task * args.block;
  let condition = args.condition + <usize>first;
  let a = args.a + ((<usize>first) << 2);
  let b = args.b + ((<usize>first) << 2);
  let y = args.y + ((<usize>first) << 2);
  let count = min(args.count - first, args.block);
  const zero = i8x16.splat(0);
  for (; count >= 4; count -= 4) {
    const bytes = i8x16.ne(v128.load32_zero(condition), zero);
    const mask = i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(bytes));
    v128.store(y, v128.bitselect(v128.load(a), v128.load(b), mask));
    condition += 4;
    a += 16;
    b += 16;
    y += 16;
  }
  for (; count > 0; count--) {
    store<i32>(y, load<u8>(condition) != 0 ? load<i32>(a) : load<i32>(b));
    condition += 1;
    a += 4;
    b += 4;
    y += 4;
  }
}

/** The same with values of one byte. */
export function selectBytesTask(args: SelectArgs, task: i32): void {
  const first = <usize>(task * args.block);
  let condition = args.condition + first;
  let a = args.a + first;
  let b = args.b + first;
  let y = args.y + first;
  let count = min(args.count - <i32>first, args.block);
  const zero = i8x16.splat(0);
  for (; count >= 16; count -= 16) {
    v128.store(y, v128.bitselect(v128.load(a), v128.load(b), i8x16.ne(v128.load(condition), zero)));
    condition += 16;
    a += 16;
    b += 16;
    y += 16;
  }
  for (; count > 0; count--) {
    store<u8>(y, load<u8>(condition) != 0 ? load<u8>(a) : load<u8>(b));
    condition += 1;
    a += 1;
    b += 1;
    y += 1;
  }
}
