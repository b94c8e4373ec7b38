import { createRng } from '@vitrail/core';
import { symmetricEigen } from './symmetric-eigen.ts';

/** A direction of unit length and the variance along it. */
export type Component = { direction: Float64Array; variance: number };

/** A component is found when its residual is at most this share of the largest variance. */
const tolerance = 1e-6;
/** Vectors of the search space when it is first looked at. */
const firstLook = 32;
/** A vector that loses all but this share of its length when what is known is taken away adds rounding only. */
const nothingNew = 1e-10;

/**
 * The directions of largest variance (denominator `rows - 1`) of rows whose mean is 0; fewer than `count` where there are fewer columns.
 * Each points where its entry of largest size is positive.
 *
 * Block Krylov search from a fixed start, in float64, without forming the covariance: the space grows until the residuals are small, or
 * it is the whole space and the result exact.
 *
 * @param x `[rows, width]`, row-major, columns of mean 0, at least two rows
 * @see Musco, Musco 2015, "Randomized block Krylov methods", algorithm 2
 */
export function principalComponents(x: Float64Array, width: number, count: number): Component[] {
  const rng = createRng(0);
  const basis: Float64Array[] = [];
  const images: Float64Array[] = []; // covariance times basis
  let block: Float64Array[] = Array.from({ length: count }, () => Float64Array.from({ length: width }, () => rng.normal()));
  for (let look = firstLook; ; ) {
    const before = basis.length;
    for (const candidate of block) {
      const fresh = orthonormalized(candidate, basis);
      if (fresh === undefined) continue;
      basis.push(fresh);
      images.push(timesCovariance(x, width, fresh));
    }
    block = images.slice(before);
    const complete = block.length === 0 || basis.length === width;
    if (!complete && basis.length < look) continue;

    const eigen = symmetricEigen(basis.map((vector) => Float64Array.from(images, (image) => dot(vector, image))));
    const found = Array.from({ length: Math.min(count, basis.length) }, (_, i) => {
      const direction = combined(basis, eigen.vectors[i]);
      const image = combined(images, eigen.vectors[i]);
      const variance = Math.max(0, eigen.values[i]);
      return { direction, variance, residual: norm(image.map((value, j) => value - variance * direction[j])) };
    });
    if (complete || found.every(({ residual }) => residual <= tolerance * found[0].variance)) {
      return found.map(({ direction, variance }) => ({ direction: turned(direction), variance }));
    }
    look *= 2;
  }
}

/** `candidate` less its part in the span of `basis`, of unit length; `undefined` when nothing is left. */
function orthonormalized(candidate: Float64Array, basis: readonly Float64Array[]): Float64Array | undefined {
  const rest = Float64Array.from(candidate);
  const before = norm(rest);
  for (let pass = 0; pass < 2; pass++) {
    for (const vector of basis) {
      const share = dot(vector, rest);
      for (let j = 0; j < rest.length; j++) rest[j] -= share * vector[j];
    }
  }
  const after = norm(rest);
  return after > nothingNew * before ? rest.map((value) => value / after) : undefined;
}

/** `X^T (X v) / (rows - 1)`. */
function timesCovariance(x: Float64Array, width: number, vector: Float64Array): Float64Array {
  const image = new Float64Array(width);
  const rows = x.length / width;
  for (let i = 0; i < rows; i++) {
    let score = 0;
    for (let j = 0; j < width; j++) score += x[i * width + j] * vector[j];
    for (let j = 0; j < width; j++) image[j] += (score / (rows - 1)) * x[i * width + j];
  }
  return image;
}

function combined(vectors: readonly Float64Array[], shares: Float64Array): Float64Array {
  const sum = new Float64Array(vectors[0].length);
  vectors.forEach((vector, i) => {
    for (let j = 0; j < sum.length; j++) sum[j] += shares[i] * vector[j];
  });
  return sum;
}

function turned(direction: Float64Array): Float64Array {
  const largest = direction.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return largest < 0 ? direction.map((value) => -value) : direction;
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j];
  return sum;
}
