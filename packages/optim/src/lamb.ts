import { add, div, greater, logicalAnd, mul, type Scalar, sqrt, sub, type Tensor, tidy, where } from '@tensorflow/tfjs-core';
import type { TensorTree } from '@vitrail/core';
import { type AdamCoefficients, adamDirection, adamMoments, requireCoefficients } from './adam-direction.ts';
import { requireMaximumNorm } from './clip-by-global-norm.ts';
import { clippingScale, globalNorm } from './global-norm.ts';
import type { Optimizer, OptimizerOptions } from './optimizer.ts';
import { sumOfSquares } from './sum-of-squares.ts';
import { type Moments, type TensorStep, treeOptimizer } from './tensor-rule.ts';

/** What {@link lamb} can be told. */
export type LambOptions = OptimizerOptions & {
  /** How much of the mean gradient is kept per step, in `[0, 1)`; 0.9 by default. */
  beta1?: number;
  /** How much of the mean squared gradient is kept per step, in `[0, 1)`; 0.999 by default. */
  beta2?: number;
  /** Added to the root of the mean square, above 0; 1e-6 by default. */
  epsilon?: number;
  /** Weight decay, part of the direction whose length is set by the trust ratio; 0.01 by default. */
  weightDecay?: number;
  /**
   * All gradients together are first scaled down to this norm, in addition to whatever was done to them before; 1 by default, `Infinity`
   * for none.
   */
  maximumNorm?: number;
};

/**
 * LAMB: Adam whose step is, tensor by tensor, as long as the parameter times the rate.
 *
 *     g = g / max(1, norm of all gradients / maximumNorm)
 *     u = adam direction of g (both bias corrections) + weightDecay p
 *     p = p - rate (||p|| / ||u||) u       (the ratio is 1 where either norm is 0, and is not limited)
 *
 * Tensors without weight decay (biases, norms, or all when `weightDecay` is 0) take the plain Adam step, without the ratio: so do the
 * LAMB of EVA-CLIP (`training/lamb.py`) and NVIDIA's, which this follows, clipping included. The paper (algorithm 2) has neither the exception nor the
 * clipping, and lets a function limit `||p||`.
 *
 * The state is `firstMoment` and `secondMoment`, each a tree like the parameters.
 *
 * @throws `invalid-argument` for a coefficient out of its range
 * @see You et al. 2020, "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", https://arxiv.org/abs/1904.00962
 * @example
 * const optimizer = lamb({ learningRate: 2e-4, weightDecay: 0.05, rateScale: layerwiseDecay({ image: { depth: 12, decay: 0.75 } }) });
 * optimizer.update(grads, optimizer.init(params), params, 0).params // the paths and shapes of params
 */
export function lamb({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-6,
  weightDecay = 0.01,
  maximumNorm = 1,
  ...options
}: LambOptions): Optimizer {
  const coefficients = { beta1, beta2, epsilon };
  requireCoefficients('lamb', coefficients);
  requireMaximumNorm('lamb', maximumNorm);
  return treeOptimizer(
    {
      name: 'lamb',
      kernel: 'VitrailLamb',
      settings: coefficients,
      moments: adamMoments,
      update: (param, grad, moments, step) => updateTensor(param, grad, moments, coefficients, step),
      ...(maximumNorm < Number.POSITIVE_INFINITY && {
        gradientScale: (grads, given) => tidy(() => totalScale(grads, maximumNorm, given)),
      }),
    },
    { ...options, weightDecay },
  );
}

/** What gradients are multiplied by that are first multiplied by `given`, if it is there, and then clipped. */
function totalScale(grads: TensorTree, maximumNorm: number, given: Scalar | undefined): Scalar {
  const norm = globalNorm(grads);
  if (given === undefined) return clippingScale(norm, maximumNorm);
  return mul(given, clippingScale(mul(norm, given), maximumNorm));
}

function updateTensor(param: Tensor, grad: Tensor, moments: Moments, coefficients: AdamCoefficients, step: TensorStep) {
  const { rate, decay, constant } = step;
  const adam = adamDirection(grad, moments, coefficients, step);
  if (decay === 0) {
    return { param: sub(param, mul(adam.direction, constant(rate * adam.factor))), moments: adam.moments };
  }
  const direction = add(mul(adam.direction, constant(adam.factor)), mul(param, constant(decay)));
  const length = mul(trustRatio(param, direction, constant(1)), constant(rate));
  return { param: sub(param, mul(direction, length)), moments: adam.moments };
}

/** `||param|| / ||direction||`, or 1 where either is 0. */
function trustRatio(param: Tensor, direction: Tensor, one: Scalar): Tensor {
  const paramSquares = sumOfSquares(param);
  const directionSquares = sumOfSquares(direction);
  const known = logicalAnd(greater(paramSquares, 0), greater(directionSquares, 0));
  return where(known, sqrt(div(paramSquares, directionSquares)), one);
}
