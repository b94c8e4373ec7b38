import type { Tensor } from '@tensorflow/tfjs-core';
import { VitrailError } from './errors.ts';

/**
 * Throws `shape-mismatch` unless `tensor` has the shape: a number is a length that must be met, a word names a free length.
 *
 * @example requireShape('linear', 'bias', bias, [768])
 */
export function requireShape(op: string, name: string, tensor: Tensor, shape: readonly (number | string)[]): void {
  const fits =
    tensor.shape.length === shape.length && shape.every((want, i) => typeof want === 'string' || want === tensor.shape[i]);
  if (!fits) {
    throw new VitrailError('shape-mismatch', `${op}: ${name} is [${shape.join(', ')}], but [${tensor.shape.join(', ')}] came`);
  }
}

/** Throws `shape-mismatch` for a scalar: the op works along the last axis. */
export function requireLastAxis(op: string, name: string, tensor: Tensor): void {
  if (tensor.rank === 0) throw new VitrailError('shape-mismatch', `${op}: ${name} has at least one axis, but a scalar came`);
}
