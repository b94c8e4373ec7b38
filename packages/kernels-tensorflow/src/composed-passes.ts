import {
  add,
  cast,
  div,
  erf,
  exp,
  expandDims,
  greater,
  log,
  max,
  mean,
  mul,
  relu,
  rsqrt,
  sigmoid,
  square,
  squaredDifference,
  squeeze,
  step,
  sub,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { type ActivationKind, MASKED, type Passes } from './passes.ts';
import type { Products } from './products.ts';

/** {@link Passes} of TensorFlow's own ops: for GPUs, and for a tfjs-node that npm installed. */
export function composedPasses({ biasAdd, sumRows }: Products): Passes {
  return {
    activate,
    activateGrad,
    biasActivate(x, bias, kind) {
      const total = biasAdd(x, bias);
      return [activate(total, kind), total];
    },
    layerNorm(x, scale, bias, epsilon) {
      const average = mean(x, 1, true); // [R, 1]
      const inverseDeviation = rsqrt(add(mean(squaredDifference(x, average), 1, true), epsilon)); // [R, 1]
      return [biasAdd(mul(mul(sub(x, average), inverseDeviation), scale), bias), average, inverseDeviation];
    },
    // With n = (x - mean) inverseDeviation and g = dy scale: dx = inverseDeviation (g - mean(g) - n mean(g n)).
    layerNormGrad(dy, x, scale, average, inverseDeviation) {
      const normalised = mul(sub(x, average), inverseDeviation);
      const scaled = mul(dy, scale);
      const along = mul(normalised, mean(mul(scaled, normalised), 1, true));
      const dx = mul(sub(sub(scaled, mean(scaled, 1, true)), along), inverseDeviation);
      return [dx, sumRows(mul(dy, normalised)), sumRows(dy)];
    },
    softmax(scores) {
      const top = max(scores, -1, true);
      const weights = exp(sub(scores, top));
      const denominator = sum(weights, -1, true);
      const sighted = cast(greater(top, MASKED / 2), 'float32');
      return [mul(weights, div(sighted, denominator)), squeeze(mul(add(top, log(denominator)), sighted), [-1])];
    },
    softmaxGrad(scores, logSumExp, dWeights) {
      const weights = exp(sub(scores, expandDims(logSumExp, -1)));
      const inner = sum(mul(weights, dWeights), -1, true);
      return [weights, mul(weights, sub(dWeights, inner))];
    },
  };
}

function activate(x: Tensor, kind: ActivationKind): Tensor {
  switch (kind) {
    case 'gelu':
      return mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
    case 'gelu-tanh':
      return mul(x, sigmoid(tanhArgument(x)));
    case 'quick-gelu':
      return mul(x, sigmoid(mul(x, QUICK)));
    case 'relu':
      return relu(x);
    case 'silu':
      return mul(x, sigmoid(x));
  }
}

function activateGrad(dy: Tensor, x: Tensor, kind: ActivationKind): Tensor {
  switch (kind) {
    case 'gelu': {
      // With u = x / sqrt(2): Phi + x phi = (1 + erf(u) + 2 / sqrt(pi) u exp(-u^2)) / 2. Constants go into a pass that is made
      // anyway.
      const u = mul(x, Math.SQRT1_2);
      const bell = mul(u, exp(sub(Math.log(2 / Math.sqrt(Math.PI)), square(u))));
      return mul(mul(dy, 0.5), add(add(erf(u), bell), 1));
    }
    case 'gelu-tanh': {
      const slope = add(mul(square(x), 3 * TANH_CUBIC), TANH_LINEAR);
      return gateGrad(dy, sigmoid(tanhArgument(x)), mul(x, slope));
    }
    case 'quick-gelu': {
      const scaled = mul(x, QUICK);
      return gateGrad(dy, sigmoid(scaled), scaled);
    }
    case 'relu':
      return mul(dy, step(x));
    case 'silu':
      return gateGrad(dy, sigmoid(x), x);
  }
}

/** `dy gate (1 + x u' (1 - gate))`: the gradient of `x sigmoid(u(x))` from `gate = sigmoid(u)` and `x u'(x)`. */
function gateGrad(dy: Tensor, gate: Tensor, xSlope: Tensor): Tensor {
  return mul(dy, mul(gate, add(mul(xSlope, sub(1, gate)), 1)));
}

const QUICK = 1.702;
const TANH_LINEAR = 2 * Math.sqrt(2 / Math.PI);
const TANH_CUBIC = TANH_LINEAR * 0.044715;

/** Twice the argument of the tanh: `(1 + tanh(u)) / 2 = sigmoid(2u)`. */
function tanhArgument(x: Tensor): Tensor {
  return mul(x, add(mul(square(x), TANH_CUBIC), TANH_LINEAR));
}
