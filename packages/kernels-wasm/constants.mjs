/**
 * The constants of four equal lanes that the kernels work with, by their bits. They lie in memory, from where a vector of any length is loaded
 * with one instruction; V8 would build a constant in the code with three, in every turn of a loop, and does not make two vectors one if they
 * come from a global. `build.mjs` makes an inline function of each.
 */
export const constants = {
  ONE: float32(1),
  TWO: float32(2),
  MINUS_TWO: float32(-2),
  MINUS_HALF: float32(-0.5),
  SIGN: 0x80000000,

  /** 1.5 * 2^23: added to a small number it leaves the nearest integer in the low bits. */
  ROUND: float32(12582912),
  /** The bits of `ROUND` less the bias of exponents. */
  ROUND_LESS_BIAS: 0x4b400000 - 127,
  /** The same for 2^24 times the number, which is normal where the number is not, and 2^-24. */
  ROUND_LESS_BIAS_24: 0x4b400000 - 127 - 24,
  TWO_TO_MINUS_24: float32(5.9604645e-8),
  EXPONENT_BIAS: 127,
  LOG2_E: float32(Math.LOG2E),
  MINUS_LOG2_E: float32(-Math.LOG2E),
  /** ln 2 in two parts; an integer below 2^15 times the first is exact (Cephes, `expf`). */
  LN2_HIGH: float32(0.693359375),
  LN2_LOW: float32(-2.1219444e-4),
  MINUS_LN2_HIGH: float32(-0.693359375),
  MINUS_LN2_LOW: float32(2.1219444e-4),
  /** Outside of these exp is infinite, or 0. */
  EXP_HIGHEST: float32(89),
  EXP_LOWEST: float32(-104),
  /** Its exponent n is rounded to -127. */
  EXP_LOWEST_NORMAL: float32(-88),

  /** `(e^r - 1 - r) / r^2` for `|r| <= ln(2) / 2` (Cephes, `expf`), by powers of r. */
  EXP_5: float32(1.98756915e-4),
  EXP_4: float32(1.3981999507e-3),
  EXP_3: float32(8.3334519073e-3),
  EXP_2: float32(4.1665795894e-2),
  EXP_1: float32(1.6666665459e-1),
  EXP_0: float32(5.0000001201e-1),

  /** From here on, and up to here, erf by the one and the other polynomial; from 4 on it is 1. */
  ERF_SPLIT: float32(0.92),
  ERF_ONE: float32(4),
  ERF_SMALL_5: float32(-6.00380125e-4),
  ERF_SMALL_4: float32(4.99585364e-3),
  ERF_SMALL_3: float32(-2.67685801e-2),
  ERF_SMALL_2: float32(1.1281877e-1),
  ERF_SMALL_1: float32(-3.76125008e-1),
  ERF_SMALL_0: float32(1.28379151e-1),
  ERF_LARGE_5: float32(2.14590706e-4),
  ERF_LARGE_4: float32(-3.21994815e-3),
  ERF_LARGE_3: float32(2.29059681e-2),
  ERF_LARGE_2: float32(-1.05286792e-1),
  ERF_LARGE_1: float32(-6.35699391e-1),
  ERF_LARGE_0: float32(-1.28519952e-1),

  /** sqrt(1/2), as bits. */
  SQRT_HALF: 0x3f3504f3,
  LEAST_NORMAL: float32(1.17549435e-38),
  TWO_TO_23: float32(8388608),
  TWENTY_THREE: float32(23),
  /** `(log(1 + m) - m + m^2 / 2) / m^3` (Cephes, `logf`), by powers of m. */
  LOG_8: float32(7.0376836292e-2),
  LOG_7: float32(-1.151461031e-1),
  LOG_6: float32(1.167699874e-1),
  LOG_5: float32(-1.2420140846e-1),
  LOG_4: float32(1.4249322787e-1),
  LOG_3: float32(-1.6668057665e-1),
  LOG_2: float32(2.0000714765e-1),
  LOG_1: float32(-2.4999993993e-1),
  LOG_0: float32(3.3333331174e-1),

  /** From here down `2^x` is 0, and here infinite. */
  LOWEST_POWER: float32(-127),
  HIGHEST_POWER: float32(128),
  /** `2^r` for `|r| <= 1/2`, a least-maximum fit (9e-8, relative) by powers of r; that of r^0 is 1. */
  POWER_5: float32(1.3264727e-3),
  POWER_4: float32(9.6715128e-3),
  POWER_3: float32(5.5507337e-2),
  POWER_2: float32(2.4022242e-1),
  POWER_1: float32(6.9314698e-1),

  /** Of the tanh approximation of GELU, in powers of two: `-2 sqrt(2 / pi) log2(e)`, and 0.044715 times it. */
  TANH_LINEAR: float32(-2.30220819),
  TANH_CUBIC: float32(-0.10294324),
  /** `3 * 0.044715 * 2 sqrt(2 / pi)` and `2 sqrt(2 / pi)`, of its derivative. */
  TANH_SLOPE_2: float32(0.21406444),
  TANH_SLOPE_0: float32(1.59576912),
  QUICK: float32(1.702),
  /** -1.702 log2(e) */
  MINUS_QUICK_LOG2_E: float32(-2.45546696),

  /** The normal density as a power of two: `2^(BELL x^2 + BELL_TOP)`, -log2(e) / 2 and log2(1 / sqrt(2 pi)). */
  BELL: float32(-0.72134752),
  BELL_TOP: float32(-1.32574807),
  /**
   * The normal distribution function at `-a` for `a >= 0` is the density times P(w) with `w = 1 / (1 + TAIL a)`; a least-maximum fit
   * (5e-8, relative) by powers of w from 1 to 9.
   */
  TAIL: float32(0.33941126),
  TAIL_9: float32(-0.0646124446),
  TAIL_8: float32(0.346986342),
  TAIL_7: float32(-0.683254188),
  TAIL_6: float32(0.509234111),
  TAIL_5: float32(-0.113012034),
  TAIL_4: float32(0.289748529),
  TAIL_3: float32(0.288256945),
  TAIL_2: float32(0.340605963),
  TAIL_1: float32(0.339360955),
};

/** The bits of a number in float32. */
function float32(value) {
  return new Uint32Array(Float32Array.of(value).buffer)[0];
}
