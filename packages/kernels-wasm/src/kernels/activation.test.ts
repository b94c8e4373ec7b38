import { grad, grads, mul, reshape, type Tensor, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { type Activation, gelu, linear, swiglu } from '@vitrail/ops';
import { sampleTensor } from '@vitrail/testing';
import { describe, it } from 'vitest';
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

/** gelu has an op of its own; the others are reached through a linear layer that changes nothing. */
function activationAlone(x: Tensor, kind: Activation): Tensor {
  if (kind === 'gelu') return gelu(x);
  if (kind === 'gelu-tanh') return gelu(x, { approximate: 'tanh' });
  return reshape(linear(reshape(x, [-1, 1]), { kernel: tensor2d([[1]]) }, kind), [-1]);
}
