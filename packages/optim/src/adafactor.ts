import {
  add,
  div,
  expandDims,
  fill,
  maximum,
  mean,
  mul,
  reshape,
  rsqrt,
  type Scalar,
  sqrt,
  square,
  sub,
  type Tensor,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import { matrixProduct } from '@vitrail/ops';
import type { Optimizer, OptimizerOptions } from './optimizer.ts';
import { requirePositive } from './require-range.ts';
import { sumOfSquares } from './sum-of-squares.ts';
import { type Moments, type TensorStep, treeOptimizer } from './tensor-rule.ts';

/** What {@link adafactor} can be told. */
export type AdafactorOptions = OptimizerOptions & {
  /** c in `beta2 = 1 - t^-c`, above 0; 0.8 by default. */
  decayExponent?: number;
  /** A tensor's update is scaled down to this root mean square (before the rate), above 0; 1 by default, `Infinity` for no clipping. */
  clippingThreshold?: number;
  /** Whether a parameter's rate is multiplied by its root mean square (at least 1e-3), as in the paper; false by default. */
  scaleByParameter?: boolean;
};

type Settings = { decayExponent: number; clippingThreshold: number; scaleByParameter: boolean };

/** epsilon_1 of the paper: added to squared gradients. */
const GRADIENT_FLOOR = 1e-30;
/** epsilon_2 of the paper: the least root mean square that a parameter is taken to have. */
const PARAMETER_FLOOR = 1e-3;

/**
 * Adafactor: second moments of a matrix kept as its row and column means, so that the state is a few vectors; no first moment.
 *
 *     beta2 = 1 - t^-0.8,   t = step + 1
 *     r = beta2 r + (1 - beta2) rowMeans(g^2 + 1e-30),   c = beta2 c + (1 - beta2) columnMeans(g^2 + 1e-30)
 *     u = g / sqrt(r c / mean(r))
 *     p = p - rate weightDecay p - rate u / max(1, rms(u) / clippingThreshold)      (rate * max(1e-3, rms(p)) with scaleByParameter)
 *
 * Vectors and scalars keep the whole second moment, `v = beta2 v + (1 - beta2) (g^2 + 1e-30)` and `u = g / sqrt(v)`. Tensors of rank 3 and
 * more are stacks of matrices over the last two axes, as in PyTorch and transformers (optax factors the two longest axes, and leaves matrices
 * with a side below 128 whole; the paper has matrices only).
 *
 * Deviations from the paper (algorithms 4 to 6): the rate is a schedule of yours instead of `min(1e-2, 1/sqrt(t))`, and it is absolute unless
 * `scaleByParameter` is set, as in big_vision ("Scaling Vision Transformers"), so that rates are of the size that AdamW takes. big_vision
 * also has momentum 0.9 and keeps `beta2` at or below 0.999; neither is here. Decay is decoupled and multiplied by the scheduled rate alone, as in
 * `torch.optim.Adafactor`; the paper has none, and transformers multiplies it by the parameter's root mean square too.
 *
 * The state is `rows` `[..., R]` and `columns` `[..., C]` of parameters `[..., R, C]`, and `secondMoment` of the others.
 *
 * @throws `invalid-argument` for a setting out of its range
 * @see Shazeer, Stern 2018, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", https://arxiv.org/abs/1804.04235
 * @example
 * const optimizer = adafactor({ learningRate: 1e-3 });
 * optimizer.init({ kernel: zeros([768, 3072]) }) // { rows: { kernel: [768] }, columns: { kernel: [3072] } }
 */
export function adafactor({
  decayExponent = 0.8,
  clippingThreshold = 1,
  scaleByParameter = false,
  ...options
}: AdafactorOptions): Optimizer {
  requirePositive('adafactor: decayExponent', decayExponent);
  if (clippingThreshold !== Number.POSITIVE_INFINITY) requirePositive('adafactor: clippingThreshold', clippingThreshold);
  const settings = { decayExponent, clippingThreshold, scaleByParameter };
  return treeOptimizer(
    {
      name: 'adafactor',
      kernel: 'VitrailAdafactor',
      settings,
      moments: adafactorMoments,
      update: (param, grad, moments, step) => updateTensor(param, grad, moments, settings, step),
    },
    options,
  );
}

/** Factored from rank 2 on: a matrix `[..., R, C]` has `rows` `[..., R]` and `columns` `[..., C]`. */
function adafactorMoments(shape: readonly number[]): Readonly<Record<string, readonly number[]>> {
  if (shape.length < 2) return { secondMoment: shape };
  return { rows: shape.slice(0, -1), columns: [...shape.slice(0, -2), shape[shape.length - 1]] };
}

function updateTensor(param: Tensor, grad: Tensor, moments: Moments, settings: Settings, step: TensorStep) {
  const { t, rate, decay, constant } = step;
  const beta2 = 1 - t ** -settings.decayExponent;
  const { direction, moments: newMoments } = adafactorDirection(grad, moments, beta2, constant);

  let length: Scalar = constant(rate);
  if (settings.clippingThreshold < Number.POSITIVE_INFINITY) {
    length = div(length, maximum(div(rootMeanSquare(direction), constant(settings.clippingThreshold)), constant(1)));
  }
  if (settings.scaleByParameter) length = mul(length, maximum(rootMeanSquare(param), constant(PARAMETER_FLOOR)));

  const decayed = decay === 0 ? param : mul(param, constant(1 - rate * decay));
  return { param: sub(decayed, mul(direction, length)), moments: newMoments };
}

/** `g / sqrt(second moment)`, from the moments after this gradient. */
function adafactorDirection(
  grad: Tensor,
  moments: Moments,
  beta2: number,
  constant: TensorStep['constant'],
): { direction: Tensor; moments: Moments } {
  const squares = add(square(grad), constant(GRADIENT_FLOOR));
  const average = (old: Tensor, now: Tensor) => add(mul(old, constant(beta2)), mul(now, constant(1 - beta2)));
  if (grad.rank < 2) {
    const secondMoment = average(moments.secondMoment, squares);
    return { direction: mul(grad, rsqrt(secondMoment)), moments: { secondMoment } };
  }
  const rows = average(moments.rows, mean(squares, -1)); // [..., R]
  const columns = average(moments.columns, columnMeans(squares)); // [..., C]
  // Not rsqrt(rows / mean(rows)): that quotient underflows for a row that never had a gradient.
  const rowFactor = mul(rsqrt(rows), sqrt(mean(rows, -1, true)));
  const direction = mul(mul(grad, expandDims(rowFactor, -1)), expandDims(rsqrt(columns), -2)); // [..., R, C]
  return { direction, moments: { rows, columns } };
}

/** Means over the last axis but one, `[..., R, C]` to `[..., C]`: of a matrix as a product, twenty times as fast on `wasm`. */
function columnMeans(x: Tensor): Tensor {
  if (x.rank > 2) return mean(x, -2);
  const [rows, columns] = x.shape;
  return reshape(matrixProduct(fill([1, rows], 1 / rows), x as Tensor2D), [columns]);
}

function rootMeanSquare(x: Tensor): Scalar {
  return sqrt(div(sumOfSquares(x), x.size));
}
