import { cosine, type Schedule, warmup } from '@vitrail/core';
import { adafactor, adamw, lamb, type Optimizer } from '@vitrail/optim';
import { requireChoice, requireRange, requireWhole } from '@vitrail/train';
import type { OptimizerSection } from './configuration.ts';

/** The optimiser of a configuration: linear warm-up to `learningRate`, cosine to zero at the last step. */
export function buildOptimizer(section: OptimizerSection, steps: number): { optimizer: Optimizer; learningRate: Schedule } {
  requireChoice('optimizer.name', section.name, ['adamw', 'adafactor', 'lamb']);
  requireRange('optimizer.learningRate', section.learningRate, 0, 100);
  requireRange('optimizer.beta1', section.beta1, 0, 1);
  requireRange('optimizer.beta2', section.beta2, 0, 1);
  requireRange('optimizer.weightDecay', section.weightDecay, 0, 100);
  requireWhole('optimizer.warmupSteps', section.warmupSteps, 0);
  const { warmupSteps, beta1, beta2, epsilon, weightDecay } = section;
  const learningRate = warmup(
    cosine({ from: section.learningRate, to: 0, steps: Math.max(0, steps - warmupSteps) }),
    warmupSteps,
  );
  const optimizers = {
    adamw: () => adamw({ learningRate, beta1, beta2, epsilon, weightDecay }),
    lamb: () => lamb({ learningRate, beta1, beta2, epsilon, weightDecay }),
    adafactor: () => adafactor({ learningRate, weightDecay }),
  };
  return { optimizer: optimizers[section.name as keyof typeof optimizers](), learningRate };
}
