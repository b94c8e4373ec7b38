import type { Tensor } from '@tensorflow/tfjs-core';
import { requireShape } from '@vitrail/core';

/** Throws unless predictions and targets are `[B, N, P]` and the mask is `[B, N]`. */
export function requirePatches(what: string, prediction: Tensor, target: Tensor, mask: Tensor): void {
  requireShape(what, 'prediction', prediction, ['B', 'N', 'P']);
  requireShape(what, 'target', target, prediction.shape);
  requireShape(what, 'mask', mask, prediction.shape.slice(0, 2));
}
