import { cosine, type Schedule, warmup } from '@vitrail/core';
import { adafactor, adamw, lamb, type Optimizer } from '@vitrail/optim';
import { requireChoice, requireRange, requireWhole } from '@vitrail/train';
import type { OptimizerSection } from './configuration.ts';
import { requirePositive } from './require-settings.ts';

/**
 * The optimiser of a configuration, with linear warm-up to `learningRate` and a cosine to zero at step `steps`. A run shorter than its
 * warm-up ends on the way up.
 *
 * TIPSv2 trains with Adafactor; rate, schedule, warm-up and decay were not published.
 *
 * @param steps of the whole run, at least 1
 * @param options `rateScale`: what the rate of a parameter is multiplied by, by its path; 1 for all by default
 * @returns the optimiser, and its rate by step (0-based)
 * @throws `invalid-argument` naming the setting that cannot be
 * @see "TIPSv2", arXiv 2604.12012, appendix A.9
 * @example buildOptimizer({ ...config.optimizer, learningRate: 1e-3, warmupSteps: 10 }, 110).learningRate(60) // 5e-4
 */
export function buildOptimizer(
  section: OptimizerSection,
  steps: number,
  { rateScale }: { rateScale?: (path: string) => number } = {},
): { optimizer: Optimizer; learningRate: Schedule } {
  const { name, warmupSteps, beta1, beta2, epsilon, weightDecay } = section;
  requireChoice('optimizer.name', name, ['adamw', 'adafactor', 'lamb']);
  requireRange('optimizer.learningRate', section.learningRate, 0, 100);
  requireRange('optimizer.weightDecay', weightDecay, 0, 100);
  for (const [setting, beta] of Object.entries({ beta1, beta2 })) requireRange(`optimizer.${setting}`, beta, 0, 1 - 1e-9);
  requirePositive('optimizer.epsilon', epsilon);
  requireWhole('optimizer.warmupSteps', warmupSteps, 0);
  requirePositive('optimizer.maximumNorm', section.maximumNorm);
  // At least one step of cosine: a cosine of none is zero throughout, and would take the warm-up down with it.
  const decay = cosine({ from: section.learningRate, to: 0, steps: Math.max(1, steps - warmupSteps) });
  const learningRate = warmup(decay, warmupSteps);
  const optimizers = {
    adamw: () => adamw({ learningRate, beta1, beta2, epsilon, weightDecay, rateScale }),
    lamb: () => lamb({ learningRate, beta1, beta2, epsilon, weightDecay, rateScale }),
    adafactor: () => adafactor({ learningRate, weightDecay, rateScale }),
  };
  return { optimizer: optimizers[name](), learningRate };
}
