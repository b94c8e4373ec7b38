import { sumOfLanes } from './math';
import { sumOf } from './rows';
import { madd, storePair } from './simd';

/** Rows `[rows, width]`, `rowsPerTask` of them a task; every field is 32 bits. */
@unmanaged
export class LayerNormArgs {
  x: usize;
  scale: usize;
  bias: usize;
  y: usize;
  /** `[rows]` each. */
  mean: usize;
  inverseDeviation: usize;
  rows: i32;
  width: i32;
  rowsPerTask: i32;
  epsilon: f32;
}

/**
 * `y = (x - mean) / sqrt(variance + epsilon) * scale + bias`. The variance is summed from the distances to the mean, so that rows
 * far from 0 lose nothing.
 */
export function layerNormTask(args: LayerNormArgs, task: i32): void {
  const first = task * args.rowsPerTask;
  const end = min(args.rows, first + args.rowsPerTask);
  const width = args.width;
  const rowBytes = (<usize>width) << 2;
  for (let row = first; row < end; row++) {
    const offset = (<usize>row) * rowBytes;
    const x = args.x + offset;
    const mean = sumOf(x, width) / <f32>width;
    const variance = sumOfSquaredDistances(x, width, mean) / <f32>width;
    const inverseDeviation = <f32>1 / sqrt<f32>(variance + args.epsilon);
    normalise(x, args.scale, args.bias, args.y + offset, width, mean, inverseDeviation);
    store<f32>(args.mean + ((<usize>row) << 2), mean);
    store<f32>(args.inverseDeviation + ((<usize>row) << 2), inverseDeviation);
  }
}

function sumOfSquaredDistances(x: usize, width: i32, mean: f32): f32 {
  const means = f32x4.splat(mean);
  let sum0 = f32x4.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  for (; width >= 16; width -= 16) {
    const d0 = f32x4.sub(v128.load(x), means);
    const d1 = f32x4.sub(v128.load(x, 16), means);
    const d2 = f32x4.sub(v128.load(x, 32), means);
    const d3 = f32x4.sub(v128.load(x, 48), means);
    sum0 = madd(d0, d0, sum0);
    sum1 = madd(d1, d1, sum1);
    sum2 = madd(d2, d2, sum2);
    sum3 = madd(d3, d3, sum3);
    x += 64;
  }
  for (; width >= 4; width -= 4) {
    const d = f32x4.sub(v128.load(x), means);
    sum0 = madd(d, d, sum0);
    x += 16;
  }
  let sum = sumOfLanes(f32x4.add(f32x4.add(sum0, sum1), f32x4.add(sum2, sum3)));
  for (; width > 0; width--) {
    const d = load<f32>(x) - mean;
    sum += d * d;
    x += 4;
  }
  return sum;
}

function normalise(x: usize, scale: usize, bias: usize, y: usize, width: i32, mean: f32, inverseDeviation: f32): void {
  const means = f32x4.splat(mean);
  const factors = f32x4.splat(inverseDeviation);
  for (; width >= 8; width -= 8) {
    const normalised0 = f32x4.mul(f32x4.sub(v128.load(x), means), factors);
    const normalised1 = f32x4.mul(f32x4.sub(v128.load(x, 16), means), factors);
    const y0 = madd(normalised0, v128.load(scale), v128.load(bias));
    const y1 = madd(normalised1, v128.load(scale, 16), v128.load(bias, 16));
    storePair(y, y0, y1);
    x += 32;
    y += 32;
    scale += 32;
    bias += 32;
  }
  for (; width > 0; width--) {
    store<f32>(y, (load<f32>(x) - mean) * inverseDeviation * load<f32>(scale) + load<f32>(bias));
    x += 4;
    y += 4;
    scale += 4;
    bias += 4;
  }
}
