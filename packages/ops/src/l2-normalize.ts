import { cast, div, greater, maximum, mul, sqrt, square, sub, sum, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { requireLastAxis } from '@vitrail/core';
import { asRows, view } from './as-rows.ts';
import { differentiable, runOrCompose } from './dispatch.ts';

/**
 * Vectors along the last axis divided by their length: `x / max(||x||, epsilon)`, as `torch.nn.functional.normalize`.
 *
 * @param x `[..., D]`
 * @param epsilon the smallest length divided by. Vectors shorter than this stay shorter than 1, and a zero vector stays zero
 * @returns `[..., D]`, the caller's
 * @throws `shape-mismatch` for a scalar
 * @example l2Normalize(tensor2d([[3, 4]])) // [[0.6, 0.8]]
 */
export function l2Normalize(x: Tensor, epsilon = 1e-12): Tensor {
  requireLastAxis('l2Normalize', 'x', x);
  return differentiable(
    [x],
    () => {
      const rows = asRows(x);
      const [y, length] = runOrCompose('VitrailL2Normalize', { x: rows }, { epsilon }, () => {
        const length = maximum(sqrt(sum(square(rows), 1, true)), epsilon); // [R, 1]
        return [div(rows, length), length];
      });
      return { value: view(y, x.shape), saved: [y, length] };
    },
    (dy, [y, length]) => {
      const dyRows = asRows(dy);
      const [dx] = runOrCompose('VitrailL2NormalizeGrad', { dy: dyRows, y, length }, { epsilon }, () => [
        composeBackward(dyRows, y, length, epsilon),
      ]);
      return [view(dx, dy.shape)];
    },
  );
}

/** `dx = (dy - y (y . dy)) / length`; where the length was held at epsilon it is a constant, and `dx = dy / epsilon`. */
function composeBackward(dy: Tensor2D, y: Tensor, length: Tensor, epsilon: number): Tensor {
  const along = mul(sum(mul(dy, y), 1, true), cast(greater(length, epsilon), 'float32')); // [R, 1]
  return div(sub(dy, mul(y, along)), length);
}
