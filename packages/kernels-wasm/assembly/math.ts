import { madd } from './simd';

// Four lanes of float32 at a time; NaN gives NaN. `pmin(x, c)` and `pmax(x, c)` are one instruction and keep a NaN in `x`.

// @ts-ignore: decorator
@inline
export function splat(x: f32): v128 {
  return f32x4.splat(x);
}

/** 1.5 * 2^23: added to a small number it leaves the nearest integer in the low bits. */
const ROUND: f32 = 12582912;
const LOG2_E: f32 = 1.44269504;
/** ln 2 in two parts; an integer below 2^15 times the first is exact (Cephes, `expf`). */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440e-4;
/** Outside of these exp is infinite, or 0. */
const EXP_HIGHEST: f32 = 89;
const EXP_LOWEST: f32 = -104;
/** Its exponent n is rounded to -127. */
const EXP_LOWEST_NORMAL: f32 = -88;

/** `(e^r - 1 - r) / r^2` for `|r| <= ln(2) / 2` (Cephes, `expf`). */
// @ts-ignore: decorator
@inline
function expTail(r: v128): v128 {
  let p = madd(splat(1.9875691500e-4), r, splat(1.3981999507e-3));
  p = madd(p, r, splat(8.3334519073e-3));
  p = madd(p, r, splat(4.1665795894e-2));
  p = madd(p, r, splat(1.6666665459e-1));
  return madd(p, r, splat(5.0000001201e-1));
}

/** `x 2^n` for integers n in the low bits of a number to which {@link ROUND} was added, in two steps so that it may end in denormals or infinity. */
// @ts-ignore: decorator
@inline
function scale(x: v128, rounded: v128): v128 {
  const n = i32x4.sub(rounded, i32x4.splat(0x4b400000));
  const half = i32x4.shr_s(n, 1);
  const one = i32x4.splat(127);
  const first = f32x4.mul(x, i32x4.shl(i32x4.add(half, one), 23));
  return f32x4.mul(first, i32x4.shl(i32x4.add(i32x4.sub(n, half), one), 23));
}

/**
 * `e^x`, within 1.1 ulp. Infinite from about 88.73 on, denormal below -87.34, 0 below -103.98.
 */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const bounded = f32x4.pmax(f32x4.pmin(x, splat(EXP_HIGHEST)), splat(EXP_LOWEST));
  const rounded = madd(bounded, splat(LOG2_E), splat(ROUND));
  const n = f32x4.sub(rounded, splat(ROUND));
  const r = madd(n, splat(-LN2_LOW), madd(n, splat(-LN2_HIGH), bounded));
  const power = f32x4.add(madd(f32x4.mul(r, r), expTail(r), r), splat(1));
  return scale(power, rounded);
}

/**
 * `e^x` for `x <= 0`, as {@link exp} but 0 below -87.68 already: quicker, for sums that have a term 1.
 */
// @ts-ignore: decorator
@inline
export function expOfNegative(x: v128): v128 {
  const bounded = f32x4.pmax(x, splat(EXP_LOWEST_NORMAL));
  const rounded = madd(bounded, splat(LOG2_E), splat(ROUND));
  const n = f32x4.sub(rounded, splat(ROUND));
  const r = madd(n, splat(-LN2_LOW), madd(n, splat(-LN2_HIGH), bounded));
  const power = f32x4.add(madd(f32x4.mul(r, r), expTail(r), r), splat(1));
  // At n = -127 the exponent field is 0, and the factor is 0.
  return f32x4.mul(power, i32x4.shl(i32x4.sub(rounded, i32x4.splat(0x4b400000 - 127)), 23));
}

/** `e^x - 1` for `x <= 0`, within 1.5 ulp, also near 0. */
// @ts-ignore: decorator
@inline
export function lessOne(x: v128): v128 {
  const bounded = f32x4.pmax(x, splat(EXP_LOWEST_NORMAL));
  const rounded = madd(bounded, splat(LOG2_E), splat(ROUND));
  const n = f32x4.sub(rounded, splat(ROUND));
  const r = madd(n, splat(-LN2_LOW), madd(n, splat(-LN2_HIGH), bounded));
  const power = i32x4.shl(i32x4.sub(rounded, i32x4.splat(0x4b400000 - 127)), 23);
  return madd(power, madd(f32x4.mul(r, r), expTail(r), r), f32x4.sub(power, splat(1)));
}

/** `1 / (1 + e^-x)`, within 2.5 ulp, also where it is small. */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const e = exp(f32x4.neg(f32x4.abs(x)));
  const one = splat(1);
  return f32x4.div(v128.bitselect(e, one, i32x4.shr_s(x, 31)), f32x4.add(one, e));
}

/** `tanh x = -m / (2 + m)` with `m = e^(-2 |x|) - 1`, within 3 ulp, also near 0. */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const m = lessOne(f32x4.mul(f32x4.abs(x), splat(-2)));
  return copySign(f32x4.div(m, f32x4.add(splat(2), m)), x);
}

/**
 * The error function, within 1.5 ulp: `x + x P(x^2)` up to 0.92, and `1 - e^Q(|x|)` beyond; P and Q are least-maximum fits to it (in ulp).
 */
// @ts-ignore: decorator
@inline
export function erf(x: v128): v128 {
  const t = f32x4.pmin(f32x4.abs(x), splat(4));
  const s = f32x4.mul(t, t);
  let p = madd(splat(-6.00380125e-4), s, splat(4.99585364e-3));
  p = madd(p, s, splat(-2.67685801e-2));
  p = madd(p, s, splat(1.12818770e-1));
  p = madd(p, s, splat(-3.76125008e-1));
  p = madd(p, s, splat(1.28379151e-1));
  const small = madd(p, t, t);
  let q = madd(splat(2.14590706e-4), t, splat(-3.21994815e-3));
  q = madd(q, t, splat(2.29059681e-2));
  q = madd(q, t, splat(-1.05286792e-1));
  q = madd(q, t, splat(-6.35699391e-1));
  q = madd(q, t, splat(-1.28519952e-1));
  const large = f32x4.sub(splat(1), expOfNegative(madd(q, t, f32x4.neg(t))));
  return copySign(v128.bitselect(large, small, f32x4.gt(t, splat(0.92))), x);
}

/** The natural logarithm, within 1.1 ulp (the polynomial is that of Cephes, `logf`): -Infinity at 0, NaN below it. */
// @ts-ignore: decorator
@inline
export function log(x: v128): v128 {
  const denormal = f32x4.lt(x, splat(1.17549435e-38));
  const normal = v128.bitselect(f32x4.mul(x, splat(8388608)), x, denormal);
  // x = m 2^n with m in [sqrt(1/2), sqrt(2)).
  const shifted = i32x4.sub(normal, i32x4.splat(0x3f3504f3));
  const exponent = i32x4.shr_s(shifted, 23);
  const m = f32x4.sub(i32x4.sub(normal, i32x4.shl(exponent, 23)), splat(1));
  const n = f32x4.sub(f32x4.convert_i32x4_s(exponent), v128.and(denormal, splat(23)));
  let p = madd(splat(7.0376836292e-2), m, splat(-1.1514610310e-1));
  p = madd(p, m, splat(1.1676998740e-1));
  p = madd(p, m, splat(-1.2420140846e-1));
  p = madd(p, m, splat(1.4249322787e-1));
  p = madd(p, m, splat(-1.6668057665e-1));
  p = madd(p, m, splat(2.0000714765e-1));
  p = madd(p, m, splat(-2.4999993993e-1));
  p = madd(p, m, splat(3.3333331174e-1));
  const square = f32x4.mul(m, m);
  const tail = madd(square, splat(-0.5), madd(n, splat(LN2_LOW), f32x4.mul(f32x4.mul(square, m), p)));
  const finite = madd(n, splat(LN2_HIGH), f32x4.add(m, tail));
  const infinite = v128.bitselect(splat(-Infinity), finite, f32x4.eq(x, splat(0)));
  // Below 0 NaN; NaN and Infinity themselves.
  const same = v128.or(f32x4.ne(x, x), f32x4.eq(x, splat(Infinity)));
  return v128.bitselect(x, v128.or(infinite, f32x4.lt(x, splat(0))), same);
}

/** `log(1 + x)` for `x` in [0, 1], with what the sum rounds off: within 2 ulp, also near 0. */
// @ts-ignore: decorator
@inline
export function logOfMore(x: v128): v128 {
  const sum = f32x4.add(x, splat(1));
  const rounded = f32x4.sub(x, f32x4.sub(sum, splat(1)));
  return f32x4.add(log(sum), f32x4.div(rounded, sum));
}

/** The size of `x` with the sign of `sign`. */
// @ts-ignore: decorator
@inline
export function copySign(x: v128, sign: v128): v128 {
  return v128.bitselect(sign, x, i32x4.splat(0x80000000));
}

/** The sum of the four lanes. */
// @ts-ignore: decorator
@inline
export function sumOfLanes(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** The first `count` (1 to 3) values at `from`, and `rest` in the other lanes. */
// @ts-ignore: decorator
@inline
export function loadPart(from: usize, count: i32, rest: f32): v128 {
  let x = f32x4.replace_lane(splat(rest), 0, load<f32>(from));
  if (count > 1) x = f32x4.replace_lane(x, 1, load<f32>(from, 4));
  if (count > 2) x = f32x4.replace_lane(x, 2, load<f32>(from, 8));
  return x;
}

/** Stores the first `count` (1 to 3) lanes. */
// @ts-ignore: decorator
@inline
export function storePart(to: usize, x: v128, count: i32): void {
  v128.store32_lane(to, x, 0);
  if (count > 1) v128.store32_lane(to, x, 1, 4);
  if (count > 2) v128.store32_lane(to, x, 2, 8);
}
