import { storePair } from '../simd';
import { nextStep, startWalk, Walk } from '../axes';

/**
 * `y = a op b`, element by element, where `a` and `b` may be broadcast: the last axis of `y` is a run of `length` values, along
 * which each of them either goes on (step 4 bytes) or stays (0); the other axes are those of {@link Walk}, `p` in `a` and `q` in
 * `b`. A long run is divided into chunks.
 */
@unmanaged
export class BinaryArgs {
  a: usize;
  b: usize;
  y: usize;
  operation: i32;
  length: i32;
  aStep: i32;
  bStep: i32;
  chunk: i32;
  chunks: i32;
  units: i32;
  unitsPerTask: i32;
  axes: i32;
}

/** Numbers of the operations; those from {@link FIRST_COMPARISON} on write one byte a value, 1 or 0. */
const FIRST_COMPARISON: i32 = 7;

export function binaryTask(args: BinaryArgs, task: i32, scratch: usize): void {
  const walk = changetype<Walk>(scratch);
  const axes = changetype<usize>(args) + offsetof<BinaryArgs>('axes');
  const operation = args.operation;
  const bytes: usize = operation >= FIRST_COMPARISON ? 1 : 4;
  const aStep = <usize>args.aStep;
  const bStep = <usize>args.bStep;
  const chunks = args.chunks;
  const end = min((task + 1) * args.unitsPerTask, args.units);
  let unit = task * args.unitsPerTask;
  startWalk(walk, axes, args.a, args.b, unit / chunks);
  let chunk = unit % chunks;
  while (true) {
    const first = chunk * args.chunk;
    const y = args.y + (<usize>(unit / chunks) * <usize>args.length + <usize>first) * bytes;
    const a = walk.p + <usize>first * aStep;
    const b = walk.q + <usize>first * bStep;
    const count = min(args.length - first, args.chunk);
    if (operation >= FIRST_COMPARISON) compareRun(operation, a, aStep, b, bStep, y, count);
    else computeRun(operation, a, aStep, b, bStep, y, count);
    if (++unit >= end) return;
    if (++chunk == chunks) {
      chunk = 0;
      nextStep(walk, axes);
    }
  }
}

function computeRun(operation: i32, a: usize, aStep: usize, b: usize, bStep: usize, y: usize, count: i32): void {
  switch (operation) {
    case 0:
      return compute(0, a, aStep, b, bStep, y, count);
    case 1:
      return compute(1, a, aStep, b, bStep, y, count);
    case 2:
      return compute(2, a, aStep, b, bStep, y, count);
    case 3:
      return compute(3, a, aStep, b, bStep, y, count);
    case 4:
      return compute(4, a, aStep, b, bStep, y, count);
    case 5:
      return compute(5, a, aStep, b, bStep, y, count);
    default:
      return compute(6, a, aStep, b, bStep, y, count);
  }
}

// @ts-ignore: decorator
@inline
function apply(operation: i32, a: v128, b: v128): v128 {
  if (operation == 0) return f32x4.add(a, b);
  if (operation == 1) return f32x4.sub(a, b);
  if (operation == 2) return f32x4.mul(a, b);
  if (operation == 3) return f32x4.div(a, b);
  if (operation == 4) return f32x4.max(a, b);
  if (operation == 5) return f32x4.min(a, b);
  const difference = f32x4.sub(a, b);
  return f32x4.mul(difference, difference);
}

// @ts-ignore: decorator
@inline
function compute(operation: i32, a: usize, aStep: usize, b: usize, bStep: usize, y: usize, count: i32): void {
  if (aStep != 0 && bStep != 0) {
    for (; count >= 8; count -= 8) {
      const y0 = apply(operation, v128.load(a), v128.load(b));
      const y1 = apply(operation, v128.load(a, 16), v128.load(b, 16));
      storePair(y, y0, y1);
      a += 32;
      b += 32;
      y += 32;
    }
  } else if (aStep != 0) {
    const other = v128.load32_splat(b);
    for (; count >= 8; count -= 8) {
      const y0 = apply(operation, v128.load(a), other);
      const y1 = apply(operation, v128.load(a, 16), other);
      storePair(y, y0, y1);
      a += 32;
      y += 32;
    }
  } else {
    const other = v128.load32_splat(a);
    for (; count >= 8; count -= 8) {
      const y0 = apply(operation, other, v128.load(b));
      const y1 = apply(operation, other, v128.load(b, 16));
      storePair(y, y0, y1);
      b += 32;
      y += 32;
    }
  }
  for (; count > 0; count--) {
    v128.store32_lane(y, apply(operation, v128.load32_splat(a), v128.load32_splat(b)), 0);
    a += aStep;
    b += bStep;
    y += 4;
  }
}

function compareRun(operation: i32, a: usize, aStep: usize, b: usize, bStep: usize, y: usize, count: i32): void {
  switch (operation) {
    case 7:
      return compare(7, a, aStep, b, bStep, y, count);
    case 8:
      return compare(8, a, aStep, b, bStep, y, count);
    case 9:
      return compare(9, a, aStep, b, bStep, y, count);
    case 10:
      return compare(10, a, aStep, b, bStep, y, count);
    case 11:
      return compare(11, a, aStep, b, bStep, y, count);
    case 12:
      return compare(12, a, aStep, b, bStep, y, count);
    case 13:
      return compare(13, a, aStep, b, bStep, y, count);
    default:
      return compare(14, a, aStep, b, bStep, y, count);
  }
}

/** float32 `<`, `<=`, `==`, `!=`, then the same of int32: all ones where true. */
// @ts-ignore: decorator
@inline
function holds(operation: i32, a: v128, b: v128): v128 {
  if (operation == 7) return f32x4.lt(a, b);
  if (operation == 8) return f32x4.le(a, b);
  if (operation == 9) return f32x4.eq(a, b);
  if (operation == 10) return f32x4.ne(a, b);
  if (operation == 11) return i32x4.lt_s(a, b);
  if (operation == 12) return i32x4.le_s(a, b);
  if (operation == 13) return i32x4.eq(a, b);
  return i32x4.ne(a, b);
}

// @ts-ignore: decorator
@inline
function compare(operation: i32, a: usize, aStep: usize, b: usize, bStep: usize, y: usize, count: i32): void {
  const one = i8x16.splat(1);
  const aFour = aStep << 2;
  const bFour = bStep << 2;
  for (; count >= 8; count -= 8) {
    const a0 = aStep != 0 ? v128.load(a) : v128.load32_splat(a);
    const b0 = bStep != 0 ? v128.load(b) : v128.load32_splat(b);
    a += aFour;
    b += bFour;
    const a1 = aStep != 0 ? v128.load(a) : v128.load32_splat(a);
    const b1 = bStep != 0 ? v128.load(b) : v128.load32_splat(b);
    a += aFour;
    b += bFour;
    const pair = i16x8.narrow_i32x4_s(holds(operation, a0, b0), holds(operation, a1, b1));
    v128.store64_lane(y, v128.and(i8x16.narrow_i16x8_s(pair, pair), one), 0);
    y += 8;
  }
  for (; count > 0; count--) {
    const all = holds(operation, v128.load32_splat(a), v128.load32_splat(b));
    store<u8>(y, <u8>(i32x4.extract_lane(all, 0) & 1));
    a += aStep;
    b += bStep;
    y += 1;
  }
}
