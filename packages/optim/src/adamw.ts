import { mul, sub, type Tensor } from '@tensorflow/tfjs-core';
import { type AdamCoefficients, adamDirection, adamMoments, requireCoefficients } from './adam-direction.ts';
import type { Optimizer, OptimizerOptions } from './optimizer.ts';
import { type Moments, type TensorStep, treeOptimizer } from './tensor-rule.ts';

/** What {@link adamw} can be told. */
export type AdamwOptions = OptimizerOptions & {
  /** How much of the mean gradient is kept per step, in `[0, 1)`; 0.9 by default. */
  beta1?: number;
  /** How much of the mean squared gradient is kept per step, in `[0, 1)`; 0.999 by default. */
  beta2?: number;
  /** Added to the root of the mean square, above 0; 1e-8 by default. */
  epsilon?: number;
};

/**
 * AdamW: Adam with decoupled weight decay and both bias corrections.
 *
 *     m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g^2
 *     p = p - rate weightDecay p - rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon),   t = step + 1
 *
 * As `torch.optim.AdamW`, where the decay is multiplied by the rate of each step. In the paper (algorithm 2) it is multiplied by the schedule
 * alone, without the peak rate. OpenCLIP trains ViTs with `beta2` 0.98 and `epsilon` 1e-6.
 *
 * The state is `firstMoment` (m) and `secondMoment` (v), each a tree like the parameters: twice their memory.
 *
 * @throws `invalid-argument` for a coefficient out of its range
 * @see Loshchilov, Hutter 2019, "Decoupled Weight Decay Regularization", https://arxiv.org/abs/1711.05101
 * @example
 * const optimizer = adamw({ learningRate: 1e-3, weightDecay: 0.05 });
 * optimizer.update(grads, optimizer.init(params), params, 0).params // the paths and shapes of params
 */
export function adamw({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, ...options }: AdamwOptions): Optimizer {
  const coefficients = { beta1, beta2, epsilon };
  requireCoefficients('adamw', coefficients);
  return treeOptimizer(
    {
      name: 'adamw',
      kernel: 'VitrailAdamW',
      settings: coefficients,
      moments: adamMoments,
      update: (param, grad, moments, step) => updateTensor(param, grad, moments, coefficients, step),
    },
    options,
  );
}

/** Twelve kernels, thirteen with decay. */
function updateTensor(param: Tensor, grad: Tensor, moments: Moments, coefficients: AdamCoefficients, step: TensorStep) {
  const { rate, decay, constant } = step;
  const adam = adamDirection(grad, moments, coefficients, step);
  const decayed = decay === 0 ? param : mul(param, constant(1 - rate * decay));
  return { param: sub(decayed, mul(adam.direction, constant(rate * adam.factor))), moments: adam.moments };
}
