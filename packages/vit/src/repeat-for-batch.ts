import { ones, reshape, type Tensor } from '@tensorflow/tfjs-core';
import { linear } from '@vitrail/ops';

/**
 * A parameter once per sample: `[...shape] -> [B, ...shape]`.
 *
 * A product with a column of ones, because its gradient, the sum over the batch, is a matrix product too. The gradients of `tile` and of a
 * broadcast `add` are slices or a sum over the first axis, both slow on the `wasm` backend.
 */
export function repeatForBatch(parameter: Tensor, batch: number): Tensor {
  const row = reshape(parameter, [1, parameter.size]);
  return reshape(linear(ones([batch, 1]), { kernel: row }), [batch, ...parameter.shape]);
}
