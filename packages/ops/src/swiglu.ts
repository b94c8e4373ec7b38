import { mul, sigmoid, type Tensor } from '@tensorflow/tfjs-core';
import { requireShape } from '@vitrail/core';
import { gateDerivative } from './activation.ts';
import { differentiable, runOrCompose } from './dispatch.ts';

/**
 * The gated half of a SwiGLU layer: `silu(gate) * value`, with `silu(x) = x sigmoid(x)`.
 *
 * @param gate any shape
 * @param value the same shape
 * @returns the same shape, the caller's
 * @throws `shape-mismatch` when the shapes differ (nothing is broadcast)
 * @see "GLU Variants Improve Transformer", Shazeer 2020 (arXiv 2002.05202)
 * @example swiglu(ones([2, 5, 8]), ones([2, 5, 8])).shape // [2, 5, 8]
 */
export function swiglu(gate: Tensor, value: Tensor): Tensor {
  requireShape('swiglu', 'value', value, gate.shape);
  return differentiable(
    [gate, value],
    () => ({
      value: runOrCompose('VitrailSwiglu', { gate, value }, {}, () => [mul(mul(gate, sigmoid(gate)), value)])[0],
      saved: [gate, value],
    }),
    (dy, [gate, value]) =>
      runOrCompose('VitrailSwigluGrad', { dy, gate, value }, {}, () => {
        const opened = sigmoid(gate);
        return [mul(mul(dy, value), gateDerivative(opened, gate)), mul(dy, mul(gate, opened))];
      }),
  );
}
