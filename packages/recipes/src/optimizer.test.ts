import { expect, it } from 'vitest';
import { tinyConfig } from '../test/tiny-system.ts';
import { buildOptimizer } from './index.ts';

const section = { ...tinyConfig.optimizer, learningRate: 1e-3, warmupSteps: 10 };

it('warms up along a line and comes down along a cosine, to zero after the last step', () => {
  const { learningRate } = buildOptimizer(section, 110);
  expect(learningRate(0)).toBeCloseTo(1e-4, 10);
  expect(learningRate(9)).toBeCloseTo(1e-3, 10);
  expect(learningRate(10)).toBe(1e-3);
  expect(learningRate(60)).toBeCloseTo(5e-4, 10);
  expect(learningRate(109)).toBeGreaterThan(0);
  expect(learningRate(110)).toBe(0);
});

it('learns in runs that are not longer than their warm-up', () => {
  for (const steps of [1, 5, 10]) {
    const { learningRate } = buildOptimizer(section, steps);
    for (let step = 0; step < steps; step++) expect(learningRate(step)).toBeCloseTo(1e-4 * (step + 1), 10);
  }
});

it.each([
  [{ name: 'adam' as 'adamw' }, 'optimizer.name is one of adamw, adafactor, lamb, but "adam" came; did you mean "adamw"?'],
  [{ learningRate: -1 }, 'optimizer.learningRate is a number from 0 to 100, but -1 came'],
  [{ weightDecay: Number.NaN }, 'optimizer.weightDecay is a number from 0 to 100, but NaN came'],
  [{ warmupSteps: 2.5 }, 'optimizer.warmupSteps is a whole number of at least 0, but 2.5 came'],
  [{ maximumNorm: 0 }, 'optimizer.maximumNorm is a number above 0, but 0 came'],
  [{ beta1: 1 }, 'optimizer.beta1 is a number from 0 to 0.999999999, but 1 came'],
  [{ beta2: 1 }, 'optimizer.beta2 is a number from 0 to 0.999999999, but 1 came'],
  [{ name: 'adafactor' as 'adamw', beta2: 5 }, 'optimizer.beta2 is a number from 0 to'],
  [{ epsilon: 0 }, 'optimizer.epsilon is a number above 0, but 0 came'],
])('refuses %o', (wrong, message) => {
  expect(() => buildOptimizer({ ...section, ...wrong }, 10)).toThrow(message);
  expect(() => buildOptimizer({ ...section, ...wrong }, 10)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
});
