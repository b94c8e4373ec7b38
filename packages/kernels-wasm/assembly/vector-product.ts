import { dotOf } from './rows';
import { madd } from './simd';

/**
 * A matrix times a vector, for each of a batch: `y[j] = bias[j] + sum_k v[k] m[k, j]` ({@link weightRowsTask}) or
 * `y[j] = sum_k m[j, k] v[k]` ({@link dotRowsTask}). All lie in one run each; a product by tiles would use an eighth of the tile.
 */
@unmanaged
export class VectorProductArgs {
  m: usize;
  v: usize;
  y: usize;
  /** 0, or `[length]`. */
  bias: usize;
  /** Values of `y`, and how many products each sums. */
  length: i32;
  depth: i32;
  /** From one of the batch to the next, in bytes. */
  mStride: i32;
  vStride: i32;
  /** Values of `y` in a task, and tasks for each of the batch. */
  block: i32;
  blocks: i32;
}

/** Eight rows of `m` at a time go into `y`, from the first to the last. */
export function weightRowsTask(args: VectorProductArgs, task: i32): void {
  const batch = <usize>(task / args.blocks);
  const first = (task % args.blocks) * args.block;
  const columns = min(args.length - first, args.block);
  const offset = (<usize>first) << 2;
  const stride = (<usize>args.length) << 2;
  const y = args.y + batch * stride + offset;
  if (args.bias == 0) memory.fill(y, 0, (<usize>columns) << 2);
  else memory.copy(y, args.bias + offset, (<usize>columns) << 2);
  let m = args.m + batch * <usize>args.mStride + offset;
  let v = args.v + batch * <usize>args.vStride;
  let left = args.depth;
  for (; left >= 8; left -= 8) {
    weightEight(m, stride, v, y, columns);
    m += stride << 3;
    v += 32;
  }
  for (; left > 0; left--) {
    const weight = v128.load32_splat(v);
    for (let column = 0; column < columns; column++) {
      const at = (<usize>column) << 2;
      v128.store32_lane(y + at, madd(weight, v128.load32_splat(m + at), v128.load32_splat(y + at)), 0);
    }
    m += stride;
    v += 4;
  }
}

function weightEight(m: usize, stride: usize, v: usize, y: usize, columns: i32): void {
  const v0 = v128.load32_splat(v);
  const v1 = v128.load32_splat(v, 4);
  const v2 = v128.load32_splat(v, 8);
  const v3 = v128.load32_splat(v, 12);
  const v4 = v128.load32_splat(v, 16);
  const v5 = v128.load32_splat(v, 20);
  const v6 = v128.load32_splat(v, 24);
  const v7 = v128.load32_splat(v, 28);
  const m2 = m + 2 * stride;
  const m4 = m + 4 * stride;
  const m6 = m + 6 * stride;
  let column = 0;
  for (; column + 4 <= columns; column += 4) {
    const at = (<usize>column) << 2;
    let sum = v128.load(y + at);
    sum = madd(v0, v128.load(m + at), sum);
    sum = madd(v1, v128.load(m + stride + at), sum);
    sum = madd(v2, v128.load(m2 + at), sum);
    sum = madd(v3, v128.load(m2 + stride + at), sum);
    sum = madd(v4, v128.load(m4 + at), sum);
    sum = madd(v5, v128.load(m4 + stride + at), sum);
    sum = madd(v6, v128.load(m6 + at), sum);
    sum = madd(v7, v128.load(m6 + stride + at), sum);
    v128.store(y + at, sum);
  }
  for (; column < columns; column++) {
    const at = (<usize>column) << 2;
    let sum = v128.load32_splat(y + at);
    sum = madd(v0, v128.load32_splat(m + at), sum);
    sum = madd(v1, v128.load32_splat(m + stride + at), sum);
    sum = madd(v2, v128.load32_splat(m2 + at), sum);
    sum = madd(v3, v128.load32_splat(m2 + stride + at), sum);
    sum = madd(v4, v128.load32_splat(m4 + at), sum);
    sum = madd(v5, v128.load32_splat(m4 + stride + at), sum);
    sum = madd(v6, v128.load32_splat(m6 + at), sum);
    sum = madd(v7, v128.load32_splat(m6 + stride + at), sum);
    v128.store32_lane(y + at, sum, 0);
  }
}

/** A row of `m` by `v` in 16 sums side by side, which are then added in pairs. */
export function dotRowsTask(args: VectorProductArgs, task: i32): void {
  const batch = <usize>(task / args.blocks);
  const first = (task % args.blocks) * args.block;
  const rows = min(args.length - first, args.block);
  const stride = (<usize>args.depth) << 2;
  const v = args.v + batch * <usize>args.vStride;
  let m = args.m + batch * <usize>args.mStride + <usize>first * stride;
  let y = args.y + ((batch * <usize>args.length + <usize>first) << 2);
  let bias = args.bias + ((<usize>first) << 2);
  for (let row = 0; row < rows; row++) {
    let sum = dotOf(m, v, args.depth);
    if (args.bias != 0) sum += load<f32>(bias);
    store<f32>(y, sum);
    m += stride;
    y += 4;
    bias += 4;
  }
}
