/** `a * b + c` of four float32 lanes: one rounding where the engine has relaxed SIMD (a fused multiply-add), else two. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/**
 * Stores two adjacent vectors. Loops that load both before they store either, and store the second one first, are those that the engine runs
 * with one vector of twice the length, where it has it.
 */
// @ts-ignore: decorator
@inline
export function storePair(to: usize, first: v128, second: v128): void {
  v128.store(to, second, 16);
  v128.store(to, first);
}
