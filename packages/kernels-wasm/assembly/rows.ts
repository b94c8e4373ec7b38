import { LOG2_E } from './generated/constants';
import { loadPart, loadSome, powerOfTwo, splat, storePart, storeSome, sumOfLanes } from './math';
import { madd, storePair } from './simd';

// Reductions of a row run in four vectors, so that one need not wait for the one before; their order depends on the length alone.

/** The sum of `count` values. */
export function sumOf(x: usize, count: i32): f32 {
  let sum0 = splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  for (; count >= 16; count -= 16) {
    sum0 = f32x4.add(sum0, v128.load(x));
    sum1 = f32x4.add(sum1, v128.load(x, 16));
    sum2 = f32x4.add(sum2, v128.load(x, 32));
    sum3 = f32x4.add(sum3, v128.load(x, 48));
    x += 64;
  }
  for (; count >= 4; count -= 4) {
    sum0 = f32x4.add(sum0, v128.load(x));
    x += 16;
  }
  if (count > 0) sum1 = f32x4.add(sum1, loadPart(x, count, 0));
  return sumOfLanes(f32x4.add(f32x4.add(sum0, sum1), f32x4.add(sum2, sum3)));
}

/** The sum of `a[i] b[i]`. */
export function dotOf(a: usize, b: usize, count: i32): f32 {
  let sum0 = splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  for (; count >= 16; count -= 16) {
    sum0 = madd(v128.load(a), v128.load(b), sum0);
    sum1 = madd(v128.load(a, 16), v128.load(b, 16), sum1);
    sum2 = madd(v128.load(a, 32), v128.load(b, 32), sum2);
    sum3 = madd(v128.load(a, 48), v128.load(b, 48), sum3);
    a += 64;
    b += 64;
  }
  for (; count >= 4; count -= 4) {
    sum0 = madd(v128.load(a), v128.load(b), sum0);
    a += 16;
    b += 16;
  }
  if (count > 0) sum1 = madd(loadPart(a, count, 0), loadPart(b, count, 0), sum1);
  return sumOfLanes(f32x4.add(f32x4.add(sum0, sum1), f32x4.add(sum2, sum3)));
}

/** The largest of `count` values that is not NaN, -Infinity if there is none. */
export function largestOf(x: usize, count: i32): f32 {
  let top0 = splat(-Infinity);
  let top1 = top0;
  let top2 = top0;
  let top3 = top0;
  for (; count >= 16; count -= 16) {
    top0 = f32x4.pmax(top0, v128.load(x));
    top1 = f32x4.pmax(top1, v128.load(x, 16));
    top2 = f32x4.pmax(top2, v128.load(x, 32));
    top3 = f32x4.pmax(top3, v128.load(x, 48));
    x += 64;
  }
  for (; count >= 4; count -= 4) {
    top0 = f32x4.pmax(top0, v128.load(x));
    x += 16;
  }
  if (count > 0) top1 = f32x4.pmax(top1, loadPart(x, count, -Infinity));
  const tops = f32x4.pmax(f32x4.pmax(top0, top1), f32x4.pmax(top2, top3));
  const pairs = f32x4.pmax(tops, v128.shuffle<f32>(tops, tops, 2, 3, 0, 1));
  return max<f32>(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/**
 * `to = e^((x - largest) factor)` for `factor > 0`, and returns the sum; `to` may be `x`. 0 for what is below e^-87.68.
 *
 * The relative error of an exponential is 2e-7, and 6e-8 times its exponent.
 */
export function exponentialsOf(x: usize, to: usize, count: i32, largest: f32, factor: f32): f32 {
  const shift = splat(largest);
  const factors = f32x4.mul(splat(factor), LOG2_E());
  let sum0 = splat(0);
  let sum1 = sum0;
  for (; count >= 8; count -= 8) {
    const e0 = powerOfTwo(f32x4.mul(f32x4.sub(v128.load(x), shift), factors));
    const e1 = powerOfTwo(f32x4.mul(f32x4.sub(v128.load(x, 16), shift), factors));
    storePair(to, e0, e1);
    sum0 = f32x4.add(sum0, e0);
    sum1 = f32x4.add(sum1, e1);
    x += 32;
    to += 32;
  }
  if (count >= 4) {
    const e = powerOfTwo(f32x4.mul(f32x4.sub(v128.load(x), shift), factors));
    v128.store(to, e);
    sum0 = f32x4.add(sum0, e);
    count -= 4;
    x += 16;
    to += 16;
  }
  if (count > 0) {
    const e = powerOfTwo(f32x4.mul(f32x4.sub(loadPart(x, count, -Infinity), shift), factors));
    storePart(to, e, count);
    // Lanes that are not there are e^-Infinity = 0, but NaN where the largest is -Infinity: as those that are.
    sum1 = f32x4.add(sum1, e);
  }
  return sumOfLanes(f32x4.add(sum0, sum1));
}

/** `to = x factor`; `to` may be `x`. */
export function scaleRow(x: usize, to: usize, count: i32, factor: f32): void {
  const factors = splat(factor);
  for (; count >= 8; count -= 8) {
    const y0 = f32x4.mul(v128.load(x), factors);
    const y1 = f32x4.mul(v128.load(x, 16), factors);
    storePair(to, y0, y1);
    x += 32;
    to += 32;
  }
  for (; count > 0; count -= 4) {
    storeSome(to, f32x4.mul(loadSome(x, count, 0), factors), count);
    x += 16;
    to += 16;
  }
}
