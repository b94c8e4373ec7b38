import { add, cast, erf, exp, mul, relu, sigmoid, square, step, sub, type Tensor } from '@tensorflow/tfjs-core';
import { differentiable, runOrCompose } from './dispatch.ts';

/**
 * An element-wise non-linearity.
 *
 * - `gelu`: `x Phi(x)`, Phi the standard normal distribution function (PyTorch's default)
 * - `gelu-tanh`: its tanh approximation (the default of Flax, so of TIPS): `x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`
 * - `quick-gelu`: `x sigmoid(1.702 x)` (CLIP)
 * - `relu`: `max(x, 0)`
 * - `silu`: `x sigmoid(x)`
 */
export type Activation = 'gelu' | 'gelu-tanh' | 'quick-gelu' | 'relu' | 'silu';

/**
 * Gaussian error linear unit.
 *
 * @param x any shape
 * @param options `approximate: 'tanh'` for the tanh approximation (at most 5e-4 away), `'none'` (the default) for `x Phi(x)`
 * @returns the shape of `x`, the caller's
 * @see "Gaussian Error Linear Units", Hendrycks, Gimpel 2016 (arXiv 1606.08415)
 * @example gelu(tensor1d([-1, 0, 1])) // [-0.1587, 0, 0.8413]
 */
export function gelu(x: Tensor, { approximate = 'none' }: { approximate?: 'none' | 'tanh' } = {}): Tensor {
  const kind = approximate === 'tanh' ? 'gelu-tanh' : 'gelu';
  return differentiable(
    [x],
    () => ({ value: activate(x, kind), saved: [x] }),
    (dy, [x]) => [activateGrad(dy, x, kind)],
  );
}

/** The activation of `x`, without a gradient. */
export function activate(x: Tensor, kind: Activation): Tensor {
  return runOrCompose('VitrailActivation', { x }, { kind }, () => [compositions[kind].value(cast(x, 'float32'))])[0];
}

/** The gradient with respect to `x`, given that with respect to `activate(x, kind)`. */
export function activateGrad(dy: Tensor, x: Tensor, kind: Activation): Tensor {
  return runOrCompose('VitrailActivationGrad', { dy, x }, { kind }, () => [
    mul(dy, compositions[kind].derivative(cast(x, 'float32'))),
  ])[0];
}

/** Of float32: tfjs has no square of bool on the `wasm` backend. */
const compositions: Record<Activation, { value(x: Tensor): Tensor; derivative(x: Tensor): Tensor }> = {
  gelu: {
    value: (x) => mul(x, normalDistribution(x)),
    derivative: (x) => add(normalDistribution(x), mul(x, mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI)))),
  },
  // (1 + tanh(u)) / 2 = sigmoid(2u), and a sigmoid is ten times faster than a tanh on the wasm backend.
  'gelu-tanh': {
    value: (x) => mul(x, sigmoid(tanhArgument(x, square(x)))),
    derivative(x) {
      const squared = square(x);
      const gate = sigmoid(tanhArgument(x, squared));
      const slope = add(mul(squared, 3 * TANH_CUBIC), TANH_LINEAR);
      return gateDerivative(gate, mul(x, slope));
    },
  },
  'quick-gelu': {
    value: (x) => mul(x, sigmoid(mul(x, 1.702))),
    derivative(x) {
      const scaled = mul(x, 1.702);
      return gateDerivative(sigmoid(scaled), scaled);
    },
  },
  relu: { value: (x) => relu(x), derivative: (x) => step(x) },
  silu: { value: (x) => mul(x, sigmoid(x)), derivative: (x) => gateDerivative(sigmoid(x), x) },
};

/** The derivative of `x sigmoid(u(x))` from `gate = sigmoid(u)` and `x u'(x)`: `gate (1 + x u' (1 - gate))`. */
export function gateDerivative(gate: Tensor, xSlope: Tensor): Tensor {
  return mul(gate, add(mul(xSlope, sub(1, gate)), 1));
}

function normalDistribution(x: Tensor): Tensor {
  return add(mul(erf(mul(x, Math.SQRT1_2)), 0.5), 0.5);
}

const TANH_LINEAR = 2 * Math.sqrt(2 / Math.PI);
const TANH_CUBIC = TANH_LINEAR * 0.044715;

/** Twice the argument of the tanh. */
function tanhArgument(x: Tensor, squared: Tensor): Tensor {
  return mul(x, add(mul(squared, TANH_CUBIC), TANH_LINEAR));
}
