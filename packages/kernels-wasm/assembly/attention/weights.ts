import { expOfNegative, sumOfLanes } from '../math';
import { madd } from '../simd';

/** Added to a masked score. The float32 sum is this number itself, whatever the score, and its exponential is 0. */
export const MASKED: f32 = -1e30;

/** Scales and masks the scores `[rows, keys]` of the queries `first...` of a head. */
export function maskScores(scores: usize, first: i32, rows: i32, keys: i32, scale: f32, keyMask: usize, causal: bool): void {
  const scales = f32x4.splat(scale);
  for (let row = 0; row < rows; row++) {
    let key = 0;
    for (; key + 4 <= keys; key += 4) {
      const at = scores + ((<usize>key) << 2);
      v128.store(at, f32x4.mul(v128.load(at), scales));
    }
    for (; key < keys; key++) {
      const at = scores + ((<usize>key) << 2);
      store<f32>(at, load<f32>(at) * scale);
    }
    if (keyMask != 0) {
      for (key = 0; key < keys; key++) {
        const at = scores + ((<usize>key) << 2);
        store<f32>(at, load<f32>(at) + (<f32>1 - load<f32>(keyMask + ((<usize>key) << 2))) * MASKED);
      }
    }
    if (causal) {
      for (key = first + row + 1; key < keys; key++) {
        const at = scores + ((<usize>key) << 2);
        store<f32>(at, load<f32>(at) + MASKED);
      }
    }
    scores += (<usize>keys) << 2;
  }
}

/** The largest of a row of scores; NaN if there is one. */
export function largest(row: usize, keys: i32): f32 {
  let tops = f32x4.splat(-Infinity);
  let key = 0;
  for (; key + 4 <= keys; key += 4) tops = f32x4.max(tops, v128.load(row + ((<usize>key) << 2)));
  let top = max(
    max(f32x4.extract_lane(tops, 0), f32x4.extract_lane(tops, 1)),
    max(f32x4.extract_lane(tops, 2), f32x4.extract_lane(tops, 3)),
  );
  for (; key < keys; key++) top = max(top, load<f32>(row + ((<usize>key) << 2)));
  return top;
}

/** Replaces a row of scores by `exp(score - shift)`, no score being above the shift, and returns the sum. */
export function exponentials(row: usize, keys: i32, shift: f32): f32 {
  const shifts = f32x4.splat(shift);
  let sums = f32x4.splat(0);
  let left = keys;
  // Four vectors at a time share the constants of the exponential, which V8 loads anew in every turn.
  for (; left >= 16; left -= 16) {
    const w0 = expOfNegative(f32x4.sub(v128.load(row), shifts));
    const w1 = expOfNegative(f32x4.sub(v128.load(row, 16), shifts));
    const w2 = expOfNegative(f32x4.sub(v128.load(row, 32), shifts));
    const w3 = expOfNegative(f32x4.sub(v128.load(row, 48), shifts));
    v128.store(row, w0);
    v128.store(row, w1, 16);
    v128.store(row, w2, 32);
    v128.store(row, w3, 48);
    sums = f32x4.add(sums, f32x4.add(f32x4.add(w0, w1), f32x4.add(w2, w3)));
    row += 64;
  }
  let sum = sumOfLanes(sums);
  for (; left > 0; left--) {
    const weight = f32x4.extract_lane(expOfNegative(f32x4.splat(load<f32>(row) - shift)), 0);
    store<f32>(row, weight);
    sum += weight;
    row += 4;
  }
  return sum;
}

/** `row *= factor`. */
export function scaleRow(row: usize, count: i32, factor: f32): void {
  const factors = f32x4.splat(factor);
  for (; count >= 4; count -= 4) {
    v128.store(row, f32x4.mul(v128.load(row), factors));
    row += 16;
  }
  for (; count > 0; count--) {
    store<f32>(row, load<f32>(row) * factor);
    row += 4;
  }
}

/** The dot product of two rows. */
export function dot(a: usize, b: usize, count: i32): f32 {
  let sums = f32x4.splat(0);
  for (; count >= 4; count -= 4) {
    sums = madd(v128.load(a), v128.load(b), sums);
    a += 16;
    b += 16;
  }
  let sum = sumOfLanes(sums);
  for (; count > 0; count--) {
    sum += load<f32>(a) * load<f32>(b);
    a += 4;
    b += 4;
  }
  return sum;
}

/** `dScore = weight * (dWeight - inner)`, a row of each; into `dWeight`. */
export function scoreGradients(weights: usize, dWeights: usize, keys: i32, inner: f32): void {
  const inners = f32x4.splat(inner);
  for (; keys >= 4; keys -= 4) {
    v128.store(dWeights, f32x4.mul(v128.load(weights), f32x4.sub(v128.load(dWeights), inners)));
    weights += 16;
    dWeights += 16;
  }
  for (; keys > 0; keys--) {
    store<f32>(dWeights, load<f32>(weights) * (load<f32>(dWeights) - inner));
    weights += 4;
    dWeights += 4;
  }
}
