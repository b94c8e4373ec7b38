/**
 * A number by which engines compare what they computed: the mean of `|y_i| (1 + i mod 7)`. A wrong value moves it, and so does a right value
 * in the wrong place.
 *
 * @example checksum([1, -1]) // 1.5
 */
export function checksum(y: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < y.length; i++) sum += Math.abs(y[i]) * (1 + (i % 7));
  return sum / y.length;
}
