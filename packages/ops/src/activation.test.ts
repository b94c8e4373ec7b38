import { tensor1d, tidy, zeros } from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { type Activation, activate, activateGrad, gelu } from './activation.ts';

const POINTS = [-3, -1, -0.25, 0, 0.5, 2];

/** Values and derivatives at POINTS by torch in float64 (torch.nn.functional.gelu, gelu(approximate='tanh'), silu; autograd). */
const TORCH: Record<Exclude<Activation, 'relu'>, [values: number[], derivatives: number[]]> = {
  gelu: [
    [-0.00404969, -0.15865525, -0.10032342, 0, 0.34573123, 1.95449974],
    [-0.01194565, -0.08331547, 0.30462665, 0.5, 0.86749512, 1.0852318],
  ],
  'gelu-tanh': [
    [-0.00363739, -0.15880801, -0.10032465, 0, 0.34571401, 1.95459769],
    [-0.01158417, -0.08296408, 0.3046459, 0.5, 0.8673699, 1.08609926],
  ],
  'quick-gelu': [
    [-0.01807131, -0.15420423, -0.09880035, 0, 0.35038844, 1.93565862],
    [-0.02454832, -0.06777961, 0.29349956, 0.5, 0.87922191, 1.07381535],
  ],
  silu: [
    [-0.14227762, -0.26894142, -0.10945587, 0, 0.31122967, 1.76159416],
    [-0.08810411, 0.07232949, 0.37628998, 0.5, 0.73996119, 1.09078425],
  ],
};

onBackend(['cpu', 'wasm'], () => {
  describe.each(Object.entries(TORCH))('%s', (name, [values, derivatives]) => {
    const kind = name as Activation;
    it('has the values and derivatives that torch has', () => {
      tidy(() => {
        const x = tensor1d(POINTS);
        expectClose(activate(x, kind), values, 2e-6);
        expectClose(activateGrad(tensor1d([1, 1, 1, 2, 1, 1]), x, kind), derivatives.with(3, 2 * derivatives[3]), 2e-6);
      });
    });

    it('is 0 far to the left and the identity far to the right, with no NaN', () => {
      tidy(() => {
        const far = tensor1d([-200, 200]);
        expectClose(activate(far, kind), [0, 200]);
        expectClose(activateGrad(tensor1d([1, 1]), far, kind), [0, 1]);
      });
    });
  });

  it('relu passes what is above 0', () => {
    tidy(() => {
      expectClose(activate(tensor1d(POINTS), 'relu'), [0, 0, 0, 0, 0.5, 2]);
      expectClose(activateGrad(tensor1d([1, 2, 3, 4, 5, 6]), tensor1d(POINTS), 'relu'), [0, 0, 0, 0, 5, 6]);
    });
  });

  it('gelu differentiates, of any shape, and leaves nothing behind', () => {
    tidy(() => {
      for (const approximate of ['none', 'tanh'] as const)
        expectGradient((x) => gelu(x, { approximate }), [sampleTensor([2, 3, 2])]);
      expectClose(gelu(tensor1d(POINTS)), TORCH.gelu[0]);
      expectClose(gelu(tensor1d(POINTS), { approximate: 'tanh' }), TORCH['gelu-tanh'][0]);
      expect(gelu(zeros([0, 3])).shape).toEqual([0, 3]);
      const x = sampleTensor([7]);
      expectNoLeak(() => [gelu(x)]);
    });
  });
});
