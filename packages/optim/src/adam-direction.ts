import { add, div, mul, sqrt, square, type Tensor } from '@tensorflow/tfjs-core';
import { requireAtLeast, requirePositive } from './require-range.ts';
import type { Moments, TensorStep } from './tensor-rule.ts';

/** The coefficients of Adam's moments. */
export type AdamCoefficients = { beta1: number; beta2: number; epsilon: number };

/**
 * The moments of Adam and the direction of its step, in ten kernels:
 *
 *     m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g^2
 *     (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon) = factor * direction
 *
 * with `direction = m / (sqrt(v) + epsilon sqrt(1 - beta2^t))`. Both bias corrections are in `factor`, a number, so that whoever multiplies
 * by the rate multiplies once.
 *
 * Kingma, Ba 2015, "Adam", algorithm 1. https://arxiv.org/abs/1412.6980
 */
export function adamDirection(
  grad: Tensor,
  { firstMoment, secondMoment }: Moments,
  { beta1, beta2, epsilon }: AdamCoefficients,
  { t, constant }: TensorStep,
): { direction: Tensor; factor: number; moments: Moments } {
  const m = add(mul(firstMoment, constant(beta1)), mul(grad, constant(1 - beta1)));
  const v = add(mul(secondMoment, constant(beta2)), mul(square(grad), constant(1 - beta2)));
  const deviationCorrection = Math.sqrt(1 - beta2 ** t);
  return {
    direction: div(m, add(sqrt(v), constant(epsilon * deviationCorrection))),
    factor: deviationCorrection / (1 - beta1 ** t),
    moments: { firstMoment: m, secondMoment: v },
  };
}

/** Both moments of Adam have the shape of the parameter. */
export function adamMoments(shape: readonly number[]): Readonly<Record<string, readonly number[]>> {
  return { firstMoment: shape, secondMoment: shape };
}

export function requireCoefficients(name: string, { beta1, beta2, epsilon }: AdamCoefficients): void {
  requireAtLeast(`${name}: beta1`, beta1, 0, 1);
  requireAtLeast(`${name}: beta2`, beta2, 0, 1);
  requirePositive(`${name}: epsilon`, epsilon);
}
