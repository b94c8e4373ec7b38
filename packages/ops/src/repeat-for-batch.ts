import { ones, reshape, type Tensor } from '@tensorflow/tfjs-core';
import { linear } from './linear.ts';

/**
 * A parameter (CLS tokens, positions) once per sample: `y[b] = parameter`.
 *
 * A product with a column of ones, because its gradient, the sum over the batch, is a matrix product too. The gradients of `tile` and of a
 * broadcast `add` are slices or a sum over the first axis, both slow on the `wasm` backend.
 *
 * @param parameter any shape
 * @param batch B
 * @returns `[B, ...shape]`, the caller's
 * @example repeatForBatch(ones([2, 8]), 4).shape // [4, 2, 8]
 */
export function repeatForBatch(parameter: Tensor, batch: number): Tensor {
  const row = reshape(parameter, [1, parameter.size]);
  return reshape(linear(ones([batch, 1]), { kernel: row }), [batch, ...parameter.shape]);
}
