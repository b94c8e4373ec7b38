import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import type { PatchGrid } from './patch-embed.ts';

/** What a tower is asked to do, beside the images. */
export type AskedOfTower = { readonly mask?: Tensor2D; readonly blocks?: readonly number[] };

/**
 * Throws `shape-mismatch` for a mask that is not one number per patch, and `invalid-argument` for images that are not float32, a mask without
 * a mask token, or a block that is not among the `depth` of the tower.
 */
export function requireVitInputs(
  what: string,
  images: Tensor4D,
  { rows, columns }: PatchGrid,
  { depth, maskToken }: { readonly depth: number; readonly maskToken?: Tensor },
  { mask, blocks = [] }: AskedOfTower,
): void {
  if (images.dtype !== 'float32') {
    throw new VitrailError(
      'invalid-argument',
      `${what}: images are float32, not bytes, but ${images.dtype} came: divide bytes by 255`,
    );
  }
  if (mask && !maskToken) {
    throw new VitrailError(
      'invalid-argument',
      `${what}: a mask came, but the tower has no mask token: set maskToken in its configuration`,
    );
  }
  const patches = [images.shape[0], rows * columns];
  if (mask && (mask.shape.length !== 2 || mask.shape.some((length, axis) => length !== patches[axis]))) {
    throw new VitrailError(
      'shape-mismatch',
      `${what}: the mask of these images is [${patches.join(', ')}], but [${mask.shape.join(', ')}] came`,
    );
  }
  for (const index of blocks) {
    if (!(Number.isInteger(index) && index >= 0 && index < depth)) {
      throw new VitrailError('invalid-argument', `${what}: blocks are counted from 0 to ${depth - 1}, but ${index} came`);
    }
  }
}
