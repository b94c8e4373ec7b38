import type { Tensor } from '@tensorflow/tfjs-core';
import { requireShape, VitrailError } from '@vitrail/core';

/** Throws unless images and texts are `[B, D]` with B at least 1, and every further tensor is a scalar. */
export function requirePairs(what: string, images: Tensor, texts: Tensor, logitScale: Tensor): void {
  requireShape(what, 'images', images, ['B', 'D']);
  requireShape(what, 'texts', texts, images.shape);
  requireShape(what, 'logitScale', logitScale, []);
  if (images.shape[0] === 0) {
    throw new VitrailError('invalid-argument', `${what}: a batch holds at least one pair, but an empty one came`);
  }
}
