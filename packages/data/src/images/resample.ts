/** The kernels of Pillow: a triangle, and Keys' cubic with `a = -0.5`. */
export type ResampleFilter = 'bilinear' | 'bicubic';

/** For every output position the input positions it is made of. */
export type Taps = {
  /** First input position of each output, `[outputs]`. */
  readonly start: Int32Array;
  /** How many inputs each output has, `[outputs]`. */
  readonly count: Int32Array;
  /** Weights of an output, summing to 1, from `output * stride` on. */
  readonly weights: Float64Array;
  readonly stride: number;
};

/**
 * The weights that resample a row of `from` values to `to`, anti-aliased when shrinking.
 *
 * With `scale = from / to`, `f = max(scale, 1)` and centre `c = (i + 1/2) scale`, output `i` takes the inputs `j` from `trunc(c - s f + 1/2)` to before
 * `trunc(c + s f + 1/2)` (`s` = 1 bilinear, 2 bicubic; cut at the borders) with weights `k((j - c + 1/2) / f)`, normalised.
 *
 * @param wanted the outputs that are wanted, from `first` on; all of them by default
 * @see Pillow, src/libImaging/Resample.c, precompute_coeffs.
 */
export function resampleTaps(
  from: number,
  to: number,
  filter: ResampleFilter,
  { first, count: wanted }: { first: number; count: number } = { first: 0, count: to },
): Taps {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = (filter === 'bicubic' ? 2 : 1) * stretch;
  const stride = Math.ceil(support) * 2 + 1;
  const start = new Int32Array(wanted);
  const count = new Int32Array(wanted);
  const weights = new Float64Array(wanted * stride);
  const kernel = filter === 'bicubic' ? cubic : triangle;
  for (let i = 0; i < wanted; i++) {
    const centre = (first + i + 0.5) * scale;
    const low = Math.max(0, Math.trunc(centre - support + 0.5));
    const high = Math.min(from, Math.trunc(centre + support + 0.5));
    let sum = 0;
    for (let j = low; j < high; j++) {
      const weight = kernel((j - centre + 0.5) / stretch);
      weights[i * stride + j - low] = weight;
      sum += weight;
    }
    for (let k = 0; k < high - low; k++) weights[i * stride + k] /= sum;
    start[i] = low;
    count[i] = high - low;
  }
  return { start, count, weights, stride };
}

function triangle(x: number): number {
  return Math.max(0, 1 - Math.abs(x));
}

function cubic(x: number): number {
  const a = -0.5;
  const distance = Math.abs(x);
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
  return 0;
}
