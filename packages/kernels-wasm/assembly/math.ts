import {
  ERF_LARGE_0,
  ERF_LARGE_1,
  ERF_LARGE_2,
  ERF_LARGE_3,
  ERF_LARGE_4,
  ERF_LARGE_5,
  ERF_ONE,
  ERF_SMALL_0,
  ERF_SMALL_1,
  ERF_SMALL_2,
  ERF_SMALL_3,
  ERF_SMALL_4,
  ERF_SMALL_5,
  ERF_SPLIT,
  EXPONENT_BIAS,
  EXP_0,
  EXP_1,
  EXP_2,
  EXP_3,
  EXP_4,
  EXP_5,
  EXP_HIGHEST,
  EXP_LOWEST,
  EXP_LOWEST_NORMAL,
  LEAST_NORMAL,
  LN2_HIGH,
  LN2_LOW,
  LOG2_E,
  LOWEST_POWER,
  LOG_0,
  LOG_1,
  LOG_2,
  LOG_3,
  LOG_4,
  LOG_5,
  LOG_6,
  LOG_7,
  LOG_8,
  MINUS_HALF,
  MINUS_LN2_HIGH,
  MINUS_LN2_LOW,
  MINUS_TWO,
  ONE,
  POWER_1,
  POWER_2,
  POWER_3,
  POWER_4,
  POWER_5,
  ROUND,
  ROUND_LESS_BIAS,
  ROUND_LESS_BIAS_24,
  SIGN,
  SQRT_HALF,
  TWENTY_THREE,
  TWO,
  TWO_TO_23,
  TWO_TO_MINUS_24,
} from './generated/constants';
import { madd } from './simd';

// Four lanes of float32 at a time; NaN gives NaN. `pmin(x, c)` and `pmax(x, c)` are one instruction and keep a NaN in `x`.

// @ts-ignore: decorator
@inline
export function splat(x: f32): v128 {
  return f32x4.splat(x);
}

/** `(e^r - 1 - r) / r^2` for `|r| <= ln(2) / 2` (Cephes, `expf`). */
// @ts-ignore: decorator
@inline
function expTail(r: v128): v128 {
  let p = madd(EXP_5(), r, EXP_4());
  p = madd(p, r, EXP_3());
  p = madd(p, r, EXP_2());
  p = madd(p, r, EXP_1());
  return madd(p, r, EXP_0());
}

/**
 * `x 2^n` for integers n in the low bits of a number to which {@link ROUND} was added, in two steps so that it may end in
 * denormals or infinity.
 */
// @ts-ignore: decorator
@inline
function scale(x: v128, rounded: v128): v128 {
  const n = i32x4.sub(rounded, ROUND());
  const half = i32x4.shr_s(n, 1);
  const one = EXPONENT_BIAS();
  const first = f32x4.mul(x, i32x4.shl(i32x4.add(half, one), 23));
  return f32x4.mul(first, i32x4.shl(i32x4.add(i32x4.sub(n, half), one), 23));
}

/**
 * `e^x`, within 1 ulp. Infinite from about 88.73 on, denormal below -87.34, 0 below -103.98.
 */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const bounded = f32x4.pmax(f32x4.pmin(x, EXP_HIGHEST()), EXP_LOWEST());
  const rounded = madd(bounded, LOG2_E(), ROUND());
  const n = f32x4.sub(rounded, ROUND());
  const r = madd(n, MINUS_LN2_LOW(), madd(n, MINUS_LN2_HIGH(), bounded));
  const power = f32x4.add(madd(f32x4.mul(r, r), expTail(r), r), ONE());
  return scale(power, rounded);
}

/**
 * `e^x` for `x <= 0`, as {@link exp} but 0 below -87.68 already: quicker, for sums that have a term 1.
 */
// @ts-ignore: decorator
@inline
export function expOfNegative(x: v128): v128 {
  const bounded = f32x4.pmax(x, EXP_LOWEST_NORMAL());
  const rounded = madd(bounded, LOG2_E(), ROUND());
  const n = f32x4.sub(rounded, ROUND());
  const r = madd(n, MINUS_LN2_LOW(), madd(n, MINUS_LN2_HIGH(), bounded));
  const power = f32x4.add(madd(f32x4.mul(r, r), expTail(r), r), ONE());
  // At n = -127 the exponent field is 0, and the factor is 0.
  return f32x4.mul(power, i32x4.shl(i32x4.sub(rounded, ROUND_LESS_BIAS()), 23));
}

/**
 * `2^x` for `x <= 128`, 0 below -126.5 and infinite from 127.5 on, with a relative error below 2e-7: half the work of {@link exp}.
 */
// @ts-ignore: decorator
@inline
export function powerOfTwo(x: v128): v128 {
  const bounded = f32x4.pmax(x, LOWEST_POWER());
  const rounded = f32x4.add(bounded, ROUND());
  const r = f32x4.sub(bounded, f32x4.sub(rounded, ROUND()));
  // Three short sums instead of a long one, each step of which would wait for the one before (Estrin's scheme).
  const square = f32x4.mul(r, r);
  const high = madd(madd(POWER_5(), r, POWER_4()), square, madd(POWER_3(), r, POWER_2()));
  const p = madd(high, square, madd(POWER_1(), r, ONE()));
  // 2^n from the low bits of n, and the bias of the exponent, which is the exponent of 1. At -127 the field is 0, and so is the factor.
  return f32x4.mul(p, i32x4.add(i32x4.shl(rounded, 23), ONE()));
}

/** `e^x - 1` for `x <= 0`, within 1 ulp, also near 0. */
// @ts-ignore: decorator
@inline
export function lessOne(x: v128): v128 {
  const bounded = f32x4.pmax(x, EXP_LOWEST_NORMAL());
  const rounded = madd(bounded, LOG2_E(), ROUND());
  const n = f32x4.sub(rounded, ROUND());
  const r = madd(n, MINUS_LN2_LOW(), madd(n, MINUS_LN2_HIGH(), bounded));
  const power = i32x4.shl(i32x4.sub(rounded, ROUND_LESS_BIAS()), 23);
  return madd(power, madd(f32x4.mul(r, r), expTail(r), r), f32x4.sub(power, ONE()));
}

/** `1 / (1 + e^-x)`, within 2.5 ulp, also where it is small. */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  // As `exp`, but of -|x|: never large, so that the scaling to denormals is one multiplication.
  const bounded = f32x4.pmax(v128.or(x, SIGN()), EXP_LOWEST());
  const rounded = madd(bounded, LOG2_E(), ROUND());
  const n = f32x4.sub(rounded, ROUND());
  const r = madd(n, MINUS_LN2_LOW(), madd(n, MINUS_LN2_HIGH(), bounded));
  const power = f32x4.add(madd(f32x4.mul(r, r), expTail(r), r), ONE());
  const large = f32x4.mul(power, i32x4.shl(i32x4.sub(rounded, ROUND_LESS_BIAS_24()), 23));
  const e = f32x4.mul(large, TWO_TO_MINUS_24());
  return f32x4.div(v128.bitselect(e, ONE(), i32x4.shr_s(x, 31)), f32x4.add(ONE(), e));
}

/** `tanh x = -m / (2 + m)` with `m = e^(-2 |x|) - 1`, within 3 ulp, also near 0. */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const m = lessOne(f32x4.mul(f32x4.abs(x), MINUS_TWO()));
  return copySign(f32x4.div(m, f32x4.add(TWO(), m)), x);
}

/**
 * The error function, within 1 ulp: `x + x P(x^2)` up to 0.92, and `1 - e^Q(|x|)` beyond; P and Q are least-maximum fits to it
 * (in ulp).
 */
// @ts-ignore: decorator
@inline
export function erf(x: v128): v128 {
  const t = f32x4.pmin(f32x4.abs(x), ERF_ONE());
  const s = f32x4.mul(t, t);
  let p = madd(ERF_SMALL_5(), s, ERF_SMALL_4());
  p = madd(p, s, ERF_SMALL_3());
  p = madd(p, s, ERF_SMALL_2());
  p = madd(p, s, ERF_SMALL_1());
  p = madd(p, s, ERF_SMALL_0());
  const small = madd(p, t, t);
  let q = madd(ERF_LARGE_5(), t, ERF_LARGE_4());
  q = madd(q, t, ERF_LARGE_3());
  q = madd(q, t, ERF_LARGE_2());
  q = madd(q, t, ERF_LARGE_1());
  q = madd(q, t, ERF_LARGE_0());
  const large = f32x4.sub(ONE(), expOfNegative(madd(q, t, f32x4.neg(t))));
  return copySign(v128.bitselect(large, small, f32x4.gt(t, ERF_SPLIT())), x);
}

/** The natural logarithm, within 1 ulp (the polynomial is that of Cephes, `logf`): -Infinity at 0, NaN below it. */
// @ts-ignore: decorator
@inline
export function log(x: v128): v128 {
  const denormal = f32x4.lt(x, LEAST_NORMAL());
  const normal = v128.bitselect(f32x4.mul(x, TWO_TO_23()), x, denormal);
  // x = m 2^n with m in [sqrt(1/2), sqrt(2)).
  const shifted = i32x4.sub(normal, SQRT_HALF());
  const exponent = i32x4.shr_s(shifted, 23);
  const m = f32x4.sub(i32x4.sub(normal, i32x4.shl(exponent, 23)), ONE());
  const n = f32x4.sub(f32x4.convert_i32x4_s(exponent), v128.and(denormal, TWENTY_THREE()));
  let p = madd(LOG_8(), m, LOG_7());
  p = madd(p, m, LOG_6());
  p = madd(p, m, LOG_5());
  p = madd(p, m, LOG_4());
  p = madd(p, m, LOG_3());
  p = madd(p, m, LOG_2());
  p = madd(p, m, LOG_1());
  p = madd(p, m, LOG_0());
  const square = f32x4.mul(m, m);
  const tail = madd(square, MINUS_HALF(), madd(n, LN2_LOW(), f32x4.mul(f32x4.mul(square, m), p)));
  const finite = madd(n, LN2_HIGH(), f32x4.add(m, tail));
  const infinite = v128.bitselect(splat(-Infinity), finite, f32x4.eq(x, splat(0)));
  // Below 0 NaN; NaN and Infinity themselves.
  const same = v128.or(f32x4.ne(x, x), f32x4.eq(x, splat(Infinity)));
  return v128.bitselect(x, v128.or(infinite, f32x4.lt(x, splat(0))), same);
}

/** `log(1 + x)` for `x` in [0, 1], with what the sum rounds off: within 2 ulp, also near 0. */
// @ts-ignore: decorator
@inline
export function logOfMore(x: v128): v128 {
  const sum = f32x4.add(x, ONE());
  const rounded = f32x4.sub(x, f32x4.sub(sum, ONE()));
  return f32x4.add(log(sum), f32x4.div(rounded, sum));
}

/** The size of `x` with the sign of `sign`. */
// @ts-ignore: decorator
@inline
export function copySign(x: v128, sign: v128): v128 {
  return v128.bitselect(sign, x, SIGN());
}

/** The sum of the four lanes. */
// @ts-ignore: decorator
@inline
export function sumOfLanes(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** The first `count` (1 or more) values at `from`, and `rest` in the other lanes if they are fewer than four. */
// @ts-ignore: decorator
@inline
export function loadSome(from: usize, count: i32, rest: f32): v128 {
  return count >= 4 ? v128.load(from) : loadPart(from, count, rest);
}

/** Stores the first `count` (1 or more) lanes. */
// @ts-ignore: decorator
@inline
export function storeSome(to: usize, x: v128, count: i32): void {
  if (count >= 4) v128.store(to, x);
  else storePart(to, x, count);
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
