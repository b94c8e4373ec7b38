import { add, engine, mul, type Scalar, sum, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/**
 * Fails unless the gradients that `f` reports equal central differences of its value.
 *
 * For each input the derivative along single coordinates (at most `coordinates` of them, spread evenly) is measured as
 * `(f(x + h e) - f(x - h e)) / 2h`. `f` is weighted to a scalar by fixed irregular weights, so that no symmetric mistake cancels out.
 * Inputs stay the caller's.
 */
export function expectGradient(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  { h = 1e-2, tolerance = 2e-3, coordinates = 12 } = {},
): void {
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
  inputs.forEach((input, index) => {
    const analytic = grads[index].dataSync();
    expect(grads[index].shape, `shape of gradient ${index}`).toEqual(input.shape);
    const stride = Math.max(1, Math.floor(input.size / coordinates));
    for (let i = 0; i < input.size; i += stride) {
      const valueAt = (offset: number) => {
        const moved = tidy(() => {
          const step = new Float32Array(input.size);
          step[i] = offset;
          return scalar(...inputs.map((x, k) => (k === index ? add(x, tensor(step, input.shape)) : x)));
        });
        const number = moved.dataSync()[0];
        moved.dispose();
        return number;
      };
      const numeric = (valueAt(h) - valueAt(-h)) / (2 * h);
      if (!(Math.abs(numeric - analytic[i]) <= tolerance * (1 + Math.abs(numeric)))) {
        expect.fail(`gradient ${index}, coordinate ${i}: reported ${analytic[i]}, central difference ${numeric}`);
      }
    }
  });
  for (const gradient of grads) gradient.dispose();
}
