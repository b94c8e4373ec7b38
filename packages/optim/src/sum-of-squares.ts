import { reshape, type Scalar, square, sum, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';

/**
 * The sums of squares along the last axis, `[rows]`. A total is summed over these, because one float32 accumulator (as on `wasm`) stands
 * still after some ten million terms, and an embedding table has more.
 */
export function rowSumsOfSquares(x: Tensor): Tensor1D {
  const squares = square(x);
  return reshape(x.rank > 1 ? sum(squares, -1) : sum(squares), [-1]);
}

/** `sum_i x_i^2`. */
export function sumOfSquares(x: Tensor): Scalar {
  return sum(rowSumsOfSquares(x));
}
