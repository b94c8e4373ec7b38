import type { Tensor } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';

/** Throws `shape-mismatch` unless `tensor` has the shape: a number is a length that must be met, a word names a free length. */
export function requireShape(what: string, name: string, tensor: Tensor, shape: readonly (number | string)[]): void {
  const fits =
    tensor.shape.length === shape.length && shape.every((want, i) => typeof want === 'string' || want === tensor.shape[i]);
  if (!fits) {
    throw new VitrailError('shape-mismatch', `${what}: ${name} is [${shape.join(', ')}], but [${tensor.shape.join(', ')}] came`);
  }
}
