import { add, engine, mul, type Scalar, stack, sub, sum, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/** How closely {@link expectGradient} looks. */
export type GradientOptions = {
  /** How far a coordinate is moved to either side; 1e-2 by default. */
  h?: number;
  /** Difference allowed, times 1 + |central difference|; 2e-3 by default. */
  tolerance?: number;
  /** Coordinates of an input that are looked at, spread evenly; about 12 by default. */
  coordinates?: number;
};

/**
 * Fails unless the gradients that `f` reports equal central differences of its value.
 *
 * For each input the derivative along single coordinates is measured as `(f(x + h e) - f(x - h e)) / 2h`. `f` is weighted to a scalar by fixed
 * irregular weights, so that no symmetric mistake cancels out. Inputs stay the caller's.
 */
export function expectGradient(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  { tolerance = 2e-3, ...options }: GradientOptions = {},
): void {
  for (const [index, both] of gradientsBothWays(f, inputs, options).entries()) {
    const [reported, measured] = [both.reported.dataSync(), both.measured.dataSync()];
    requireEqual(index, inputs[index], { ...both, values: [reported, measured] }, tolerance);
  }
}

/** {@link expectGradient} on a backend whose values cannot be read at once. */
export async function expectGradientAsync(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  { tolerance = 2e-3, ...options }: GradientOptions = {},
): Promise<void> {
  for (const [index, both] of gradientsBothWays(f, inputs, options).entries()) {
    const [reported, measured] = [await both.reported.data(), await both.measured.data()];
    requireEqual(index, inputs[index], { ...both, values: [reported, measured] }, tolerance);
  }
}

/** The gradient of one input: as `f` reports it, all of it, and as measured at single coordinates. */
type BothWays = { reported: Tensor; measured: Tensor; at: readonly number[] };

function gradientsBothWays(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  { h = 1e-2, coordinates = 12 }: GradientOptions,
): BothWays[] {
  const scalar = (...xs: Tensor[]): Scalar =>
    tidy(() => {
      const y = f(...xs);
      const weights = tensor(
        Float32Array.from({ length: y.size }, (_, i) => Math.sin(1.7 * i + 0.4) + 0.3),
        y.shape,
      );
      return sum(mul(y, weights)) as Scalar;
    });
  const { value, grads } = engine().gradients(() => scalar(...inputs), [...inputs]);
  value.dispose();
  return inputs.map((input, index) => {
    const stride = Math.max(1, Math.floor(input.size / coordinates));
    const at = Array.from({ length: Math.ceil(input.size / stride) }, (_, k) => k * stride);
    const movedBy = (i: number, offset: number) => {
      const step = new Float32Array(input.size);
      step[i] = offset;
      return scalar(...inputs.map((x, k) => (k === index ? add(x, tensor(step, input.shape)) : x)));
    };
    const measured = tidy(() => mul(stack(at.map((i) => sub(movedBy(i, h), movedBy(i, -h)))), 1 / (2 * h)));
    return { reported: grads[index], measured, at };
  });
}

function requireEqual(
  index: number,
  { shape }: Tensor,
  { reported, measured, at, values: [all, some] }: BothWays & { values: readonly [ArrayLike<number>, ArrayLike<number>] },
  tolerance: number,
): void {
  const reportedShape = reported.shape;
  reported.dispose();
  measured.dispose();
  expect(reportedShape, `shape of gradient ${index}`).toEqual(shape);
  at.forEach((i, k) => {
    if (Math.abs(some[k] - all[i]) <= tolerance * (1 + Math.abs(some[k]))) return;
    expect.fail(`gradient ${index}, coordinate ${i}: reported ${all[i]}, central difference ${some[k]}`);
  });
}
