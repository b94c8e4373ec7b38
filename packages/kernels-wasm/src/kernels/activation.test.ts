import { grad, grads, mul, reshape, type Tensor, tensor1d, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { type Activation, gelu, linear, swiglu } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { onThreads } from '../../test/on-threads.ts';

const special = [0, -0, NaN, Infinity, -Infinity, 1e-39, -1e-39, 1e20, -1e20, 3e38, -3e38, 30, -30, 89, -89, -104, 150, -150, 5];
const sizes = [1, 2, 3, 4, 7, 1021, 16_384, 40_003];
const spread = (size: number) => mul(sampleTensor([size]), 9);

describe('activations', () => {
  onThreads((expectAsOnCpu) => {
    it.each(['gelu', 'gelu-tanh', 'quick-gelu', 'relu', 'silu'] as Activation[])(
      '%s and its gradient, at infinities and NaN too',
      async (kind) => {
        const act = (x: Tensor) => activationAlone(x, kind);
        for (const size of sizes) {
          await expectAsOnCpu(`${kind} ${size}`, () => {
            return [act(spread(size)), grad(act)(spread(size), sampleTensor([size], 3))];
          });
        }
        await expectAsOnCpu(`${kind} special`, () => {
          const x = tensor1d(special);
          return [act(x), grad(act)(x)];
        });
      },
    );

    it('gelu is precise, where it is small too', () => {
      const x = Float32Array.from({ length: 2001 }, (_, i) => (i - 1200) / 100);
      const y = tidy(() => gelu(tensor1d(x)).dataSync());
      y.forEach((actual, i) => {
        const exact = x[i] * normalDistribution(x[i]);
        const bound = 5e-7 + (x[i] < 0 ? 1e-7 * x[i] ** 2 : 0);
        expect(Math.abs(actual - exact), `of ${x[i]}`).toBeLessThanOrEqual(bound * Math.abs(exact));
      });
    });

    it('swiglu and its gradients', async () => {
      for (const size of sizes) {
        await expectAsOnCpu(`swiglu ${size}`, () => {
          const inputs = [spread(size), sampleTensor([size], 2)];
          return [swiglu(inputs[0], inputs[1]), ...grads(swiglu)(inputs, sampleTensor([size], 3))];
        });
      }
      await expectAsOnCpu('swiglu special', () => {
        const inputs = [tensor1d(special), tensor1d([...special].reverse())];
        return [swiglu(inputs[0], inputs[1]), ...grads(swiglu)(inputs)];
      });
    });
  });
});

/** To 1e-12, relative: a series, and beyond 3 the continued fraction of Mills' ratio (Abramowitz, Stegun 26.2.11, 26.2.14). */
function normalDistribution(x: number): number {
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  const a = Math.abs(x);
  if (a > 3) {
    let fraction = a;
    for (let k = 200; k > 0; k--) fraction = a + k / fraction;
    return x < 0 ? density / fraction : 1 - density / fraction;
  }
  let term = x;
  let sum = x;
  for (let k = 3; k < 200; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + density * sum;
}

/** gelu has an op of its own; the others are reached through a linear layer that changes nothing. */
function activationAlone(x: Tensor, kind: Activation): Tensor {
  if (kind === 'gelu') return gelu(x);
  if (kind === 'gelu-tanh') return gelu(x, { approximate: 'tanh' });
  return reshape(linear(reshape(x, [-1, 1]), { kernel: tensor2d([[1]]) }, kind), [-1]);
}
