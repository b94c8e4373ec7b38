/**
 * `y[o, c, i] = x[o, j, i]` summed (or the largest, smallest, product) over the `chunk` values of `j` that chunk `c` has, and
 * divided by `divisor`. With one chunk this is a reduction of the middle of `[outer, length, inner]`.
 *
 * Sums go into 16 (`inner` 1) or 8 sums side by side that are then added in pairs; the order depends on the shape alone.
 */
@unmanaged
export class ReduceArgs {
  x: usize;
  y: usize;
  length: i32;
  inner: i32;
  chunk: i32;
  chunks: i32;
  /** Columns of a block, and how many blocks `inner` has. */
  block: i32;
  blocks: i32;
  /** Blocks of chunks in all, and in a task. */
  units: i32;
  unitsPerTask: i32;
  operation: i32;
  divisor: f32;
}

export function reduceTask(args: ReduceArgs, task: i32): void {
  switch (args.operation) {
    case 0:
      return reduceUnits(0, args, task);
    case 1:
      return reduceUnits(1, args, task);
    case 2:
      return reduceUnits(2, args, task);
    default:
      return reduceUnits(3, args, task);
  }
}

/** Sum, largest, smallest (NaN if there is one), product. */
// @ts-ignore: decorator
@inline
function combine(operation: i32, a: v128, b: v128): v128 {
  if (operation == 0) return f32x4.add(a, b);
  if (operation == 1) return f32x4.max(a, b);
  if (operation == 2) return f32x4.min(a, b);
  return f32x4.mul(a, b);
}

// @ts-ignore: decorator
@inline
function reduceUnits(operation: i32, args: ReduceArgs, task: i32): void {
  const end = min((task + 1) * args.unitsPerTask, args.units);
  const inner = args.inner;
  const divisor = args.divisor;
  for (let unit = task * args.unitsPerTask; unit < end; unit++) {
    const column = (unit % args.blocks) * args.block;
    const chunkOf = unit / args.blocks;
    const first = (chunkOf % args.chunks) * args.chunk;
    const count = min(args.length - first, args.chunk);
    const row = <usize>(chunkOf / args.chunks) * <usize>args.length + <usize>first;
    const from = args.x + ((row * <usize>inner + <usize>column) << 2);
    const to = args.y + ((<usize>chunkOf * <usize>inner + <usize>column) << 2);
    const columns = min(inner - column, args.block);
    if (inner == 1) store<f32>(to, reduceRun(operation, from, count));
    else reduceColumns(operation, from, (<usize>inner) << 2, count, to, columns);
    if (divisor != 1) {
      for (let i = 0; i < columns; i++) store<f32>(to + ((<usize>i) << 2), load<f32>(to + ((<usize>i) << 2)) / divisor);
    }
  }
}

// @ts-ignore: decorator
@inline
function reduceRun(operation: i32, x: usize, count: i32): f32 {
  let a = v128.load32_splat(x);
  if (count >= 16) {
    a = v128.load(x);
    let b = v128.load(x, 16);
    let c = v128.load(x, 32);
    let d = v128.load(x, 48);
    x += 64;
    count -= 16;
    for (; count >= 16; count -= 16) {
      a = combine(operation, a, v128.load(x));
      b = combine(operation, b, v128.load(x, 16));
      c = combine(operation, c, v128.load(x, 32));
      d = combine(operation, d, v128.load(x, 48));
      x += 64;
    }
    a = combine(operation, combine(operation, a, b), combine(operation, c, d));
    for (; count >= 4; count -= 4) {
      a = combine(operation, a, v128.load(x));
      x += 16;
    }
    a = combine(operation, a, v128.shuffle<f32>(a, a, 2, 3, 0, 1));
    a = combine(operation, a, v128.shuffle<f32>(a, a, 1, 0, 3, 2));
  } else {
    x += 4;
    count--;
  }
  for (; count > 0; count--) {
    a = combine(operation, a, v128.load32_splat(x));
    x += 4;
  }
  return f32x4.extract_lane(a, 0);
}

// @ts-ignore: decorator
@inline
function reduceColumns(operation: i32, x: usize, stride: usize, count: i32, y: usize, columns: i32): void {
  memory.copy(y, x, (<usize>columns) << 2);
  x += stride;
  count--;
  for (; count >= 8; count -= 8) {
    addEight(operation, x, stride, y, columns);
    x += stride << 3;
  }
  for (; count > 0; count--) {
    let column = 0;
    for (; column + 4 <= columns; column += 4) {
      const at = (<usize>column) << 2;
      v128.store(y + at, combine(operation, v128.load(y + at), v128.load(x + at)));
    }
    for (; column < columns; column++) {
      const at = (<usize>column) << 2;
      v128.store32_lane(y + at, combine(operation, v128.load32_splat(y + at), v128.load32_splat(x + at)), 0);
    }
    x += stride;
  }
}

/** Eight rows into `y`. */
// @ts-ignore: decorator
@inline
function addEight(operation: i32, x: usize, stride: usize, y: usize, columns: i32): void {
  const x1 = x + stride;
  const x2 = x1 + stride;
  const x3 = x2 + stride;
  const x4 = x3 + stride;
  const x5 = x4 + stride;
  const x6 = x5 + stride;
  const x7 = x6 + stride;
  let column = 0;
  for (; column + 4 <= columns; column += 4) {
    const at = (<usize>column) << 2;
    const a = combine(operation, v128.load(x + at), v128.load(x1 + at));
    const b = combine(operation, v128.load(x2 + at), v128.load(x3 + at));
    const c = combine(operation, v128.load(x4 + at), v128.load(x5 + at));
    const d = combine(operation, v128.load(x6 + at), v128.load(x7 + at));
    const all = combine(operation, combine(operation, a, b), combine(operation, c, d));
    v128.store(y + at, combine(operation, v128.load(y + at), all));
  }
  for (; column < columns; column++) {
    const at = (<usize>column) << 2;
    const a = combine(operation, v128.load32_splat(x + at), v128.load32_splat(x1 + at));
    const b = combine(operation, v128.load32_splat(x2 + at), v128.load32_splat(x3 + at));
    const c = combine(operation, v128.load32_splat(x4 + at), v128.load32_splat(x5 + at));
    const d = combine(operation, v128.load32_splat(x6 + at), v128.load32_splat(x7 + at));
    const all = combine(operation, combine(operation, a, b), combine(operation, c, d));
    v128.store32_lane(y + at, combine(operation, v128.load32_splat(y + at), all), 0);
  }
}
