import { SUM_COLUMNS } from '../src/layer-norm-blocks';
import { sumOfLanes } from './math';
import { madd, storePair } from './simd';

/** Rows `[rows, width]`, `rowsPerTask` of them a task; every field is 32 bits. */
@unmanaged
export class LayerNormGradArgs {
  dy: usize;
  x: usize;
  scale: usize;
  mean: usize;
  inverseDeviation: usize;
  dx: usize;
  /** `[tasks, 2, width]`: per task the sums over its rows for `dScale` and `dBias`. */
  partial: usize;
  rows: i32;
  width: i32;
  rowsPerTask: i32;
}

/**
 * With `n = (x - mean) * inverseDeviation` and `g = dy * scale`: `dx = inverseDeviation * (g - mean(g) - n * mean(g * n))`, and
 * the sums of `dy * n` (for `dScale`) and of `dy` (for `dBias`) over the rows of this task.
 */
export function layerNormGradTask(args: LayerNormGradArgs, task: i32): void {
  const first = task * args.rowsPerTask;
  const end = min(args.rows, first + args.rowsPerTask);
  const width = args.width;
  const rowBytes = (<usize>width) << 2;
  const dScale = args.partial + (<usize>task) * 2 * rowBytes;
  memory.fill(dScale, 0, 2 * rowBytes);
  for (let row = first; row < end; row++) {
    const offset = (<usize>row) * rowBytes;
    const mean = load<f32>(args.mean + ((<usize>row) << 2));
    const factor = load<f32>(args.inverseDeviation + ((<usize>row) << 2));
    gradientOfRow(args.dy + offset, args.x + offset, args.scale, args.dx + offset, dScale, dScale + rowBytes, width, mean, factor);
  }
}

function gradientOfRow(
  dy: usize,
  x: usize,
  scale: usize,
  dx: usize,
  dScale: usize,
  dBias: usize,
  width: i32,
  mean: f32,
  factor: f32,
): void {
  const means = f32x4.splat(mean);
  const factors = f32x4.splat(factor);
  const bytes = (<usize>width) << 2;
  const whole = bytes & ~31;
  let sums0 = f32x4.splat(0);
  let sums1 = sums0;
  let products0 = sums0;
  let products1 = sums0;
  let at: usize = 0;
  for (; at < whole; at += 32) {
    const d0 = v128.load(dy + at);
    const d1 = v128.load(dy + at, 16);
    const n0 = f32x4.mul(f32x4.sub(v128.load(x + at), means), factors);
    const n1 = f32x4.mul(f32x4.sub(v128.load(x + at, 16), means), factors);
    const g0 = f32x4.mul(d0, v128.load(scale + at));
    const g1 = f32x4.mul(d1, v128.load(scale + at, 16));
    sums0 = f32x4.add(sums0, g0);
    sums1 = f32x4.add(sums1, g1);
    products0 = madd(g0, n0, products0);
    products1 = madd(g1, n1, products1);
    const toScale0 = madd(d0, n0, v128.load(dScale + at));
    const toScale1 = madd(d1, n1, v128.load(dScale + at, 16));
    const toBias0 = f32x4.add(v128.load(dBias + at), d0);
    const toBias1 = f32x4.add(v128.load(dBias + at, 16), d1);
    storePair(dScale + at, toScale0, toScale1);
    storePair(dBias + at, toBias0, toBias1);
  }
  let sum = sumOfLanes(f32x4.add(sums0, sums1));
  let product = sumOfLanes(f32x4.add(products0, products1));
  for (; at < bytes; at += 4) {
    const d = load<f32>(dy + at);
    const n = (load<f32>(x + at) - mean) * factor;
    const g = d * load<f32>(scale + at);
    sum += g;
    product += g * n;
    store<f32>(dScale + at, load<f32>(dScale + at) + d * n);
    store<f32>(dBias + at, load<f32>(dBias + at) + d);
  }
  sum /= <f32>width;
  product /= <f32>width;
  const sumEach = f32x4.splat(sum);
  const minusProduct = f32x4.splat(-product);
  for (at = 0; at < whole; at += 32) {
    const n0 = f32x4.mul(f32x4.sub(v128.load(x + at), means), factors);
    const n1 = f32x4.mul(f32x4.sub(v128.load(x + at, 16), means), factors);
    const g0 = f32x4.sub(f32x4.mul(v128.load(dy + at), v128.load(scale + at)), sumEach);
    const g1 = f32x4.sub(f32x4.mul(v128.load(dy + at, 16), v128.load(scale + at, 16)), sumEach);
    const dx0 = f32x4.mul(madd(n0, minusProduct, g0), factors);
    const dx1 = f32x4.mul(madd(n1, minusProduct, g1), factors);
    storePair(dx + at, dx0, dx1);
  }
  for (; at < bytes; at += 4) {
    const n = (load<f32>(x + at) - mean) * factor;
    store<f32>(dx + at, (load<f32>(dy + at) * load<f32>(scale + at) - sum - n * product) * factor);
  }
}

/**
 * `to [width]`: the sum of `parts` rows, `stride` floats apart, from the first to the last; {@link SUM_COLUMNS} columns in a
 * task.
 */
@unmanaged
export class SumPartialArgs {
  partial: usize;
  to: usize;
  parts: i32;
  width: i32;
  stride: i32;
}

export function sumPartialTask(args: SumPartialArgs, task: i32): void {
  const rowBytes = (<usize>args.width) << 2;
  const blockBytes: usize = 4 * SUM_COLUMNS;
  const first = <usize>task * blockBytes;
  const end = min(first + blockBytes, rowBytes);
  const strideBytes = (<usize>args.stride) << 2;
  let at = first;
  for (; at + 16 <= end; at += 16) {
    let from = args.partial + at;
    let sum = f32x4.splat(0);
    for (let part = 0; part < args.parts; part++) {
      sum = f32x4.add(sum, v128.load(from));
      from += strideBytes;
    }
    v128.store(args.to + at, sum);
  }
  for (; at < end; at += 4) {
    let from = args.partial + at;
    let sum: f32 = 0;
    for (let part = 0; part < args.parts; part++) {
      sum += load<f32>(from);
      from += strideBytes;
    }
    store<f32>(args.to + at, sum);
  }
}
