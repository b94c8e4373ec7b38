import { cast, equal, range, reshape, type Tensor2D } from '@tensorflow/tfjs-core';

/**
 * `[count, candidates]`: 1 where row i meets candidate `first + i`, else 0.
 *
 * Not tfjs' oneHot, which on the wasm backend of 4.22 writes integers into a float tensor and refuses a single candidate.
 */
export function matchingPairs(count: number, candidates: number, first: number): Tensor2D {
  const rows = reshape(range(first, first + count, 1, 'int32'), [count, 1]);
  return cast(equal<Tensor2D>(rows, range(0, candidates, 1, 'int32')), 'float32');
}
