import { add, mean, mul, rsqrt, square, sub, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { requireLastAxis, requireShape } from '@vitrail/core';
import { asRows, sumRows, view } from './as-rows.ts';
import { differentiable, runOrCompose } from './dispatch.ts';

/** Scale and bias of a layer norm, `[D]` each. */
export type LayerNormParams = { readonly scale: Tensor; readonly bias: Tensor };

/**
 * Layer normalisation along the last axis.
 *
 * `y = (x - mean(x)) / sqrt(var(x) + epsilon) * scale + bias`, with the biased variance (divided by D).
 *
 * @param x `[..., D]`
 * @param params `scale` and `bias`, `[D]` each
 * @param epsilon added to the variance. 1e-6 as in TIPS and EVA-02 (PyTorch's own default is 1e-5)
 * @returns `[..., D]`, the caller's
 * @throws `shape-mismatch` for a scalar, or when scale or bias is not `[D]`
 * @see "Layer Normalization", Ba, Kiros, Hinton 2016 (arXiv 1607.06450)
 * @example layerNorm(ones([2, 5, 8]), { scale: ones([8]), bias: zeros([8]) }).shape // [2, 5, 8]
 */
export function layerNorm(x: Tensor, params: LayerNormParams, epsilon = 1e-6): Tensor {
  requireLastAxis('layerNorm', 'x', x);
  const width = x.shape[x.rank - 1];
  requireShape('layerNorm', 'scale', params.scale, [width]);
  requireShape('layerNorm', 'bias', params.bias, [width]);
  return differentiable(
    [x, params.scale, params.bias],
    () => {
      const rows = asRows(x);
      const { scale, bias } = params;
      const [y, average, inverseDeviation] = runOrCompose('VitrailLayerNorm', { x: rows, scale, bias }, { epsilon }, () =>
        composeForward(rows, scale, bias, epsilon),
      );
      return { value: view(y, x.shape), saved: [x, scale, average, inverseDeviation] };
    },
    (dy, [x, scale, average, inverseDeviation]) => {
      const [dyRows, xRows] = [asRows(dy), asRows(x)];
      const [dx, dScale, dBias] = runOrCompose(
        'VitrailLayerNormGrad',
        { dy: dyRows, x: xRows, scale, mean: average, inverseDeviation },
        {},
        () => composeBackward(dyRows, xRows, scale, average, inverseDeviation),
      );
      return [view(dx, x.shape), dScale, dBias];
    },
  );
}

function composeForward(x: Tensor2D, scale: Tensor, bias: Tensor, epsilon: number): Tensor[] {
  const average = mean(x, 1, true); // [R, 1]
  const centred = sub(x, average);
  const inverseDeviation = rsqrt(add(mean(square(centred), 1, true), epsilon)); // [R, 1]
  return [add(mul(mul(centred, inverseDeviation), scale), bias), average, inverseDeviation];
}

/** With `n = (x - mean) * inverseDeviation` and `g = dy * scale`: `dx = inverseDeviation * (g - mean(g) - n * mean(g * n))`. */
function composeBackward(dy: Tensor2D, x: Tensor2D, scale: Tensor, average: Tensor, inverseDeviation: Tensor): Tensor[] {
  const normalised: Tensor2D = mul(sub(x, average), inverseDeviation);
  const scaled = mul(dy, scale);
  const along = mul(normalised, mean(mul(scaled, normalised), 1, true));
  const dx = mul(sub(sub(scaled, mean(scaled, 1, true)), along), inverseDeviation);
  return [dx, sumRows(mul(dy, normalised)), sumRows(dy)];
}
