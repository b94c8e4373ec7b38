import { reshape, type Tensor3D, type Tensor4D, transpose } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { type LinearParams, linear } from '@vitrail/ops';

/** Patches of an image, counted along its height (rows) and width (columns). */
export type PatchGrid = { readonly rows: number; readonly columns: number };

/**
 * The grid of patches that images of this shape are cut into.
 *
 * @param shape `[B, H, W, 3]`
 * @param patchSize side of a patch, in pixels
 * @throws `shape-mismatch` unless H and W are positive multiples of the patch size and there are three channels
 */
export function patchGridOf(shape: readonly number[], patchSize: number): PatchGrid {
  const [, height, width, channels] = shape;
  if (shape.length !== 4 || channels !== 3) {
    throw new VitrailError('shape-mismatch', `images are [B, H, W, 3], but [${shape.join(', ')}] came`);
  }
  for (const side of [height, width]) {
    if (side === 0 || side % patchSize !== 0) {
      const below = Math.max(1, Math.floor(side / patchSize)) * patchSize;
      throw new VitrailError(
        'shape-mismatch',
        `the sides of images are multiples of the patch size ${patchSize}, but [${shape.join(', ')}] came: resize a side of ${side} pixels to ${below} or ${below + patchSize}`,
      );
    }
  }
  return { rows: height / patchSize, columns: width / patchSize };
}

/**
 * Patch embedding: a convolution whose stride is its kernel's size, as one matrix product over the pixels of each patch.
 *
 * @param images `[B, H, W, 3]`, H and W multiples of the patch size
 * @param params `kernel` `[p * p * 3, D]`, whose rows are the pixels of a patch in the order (y, x, channel); `bias` `[D]` if there is one
 * @returns `[B, N, D]`, patches row by row
 */
export function embedPatches(images: Tensor4D, patchSize: number, params: LinearParams): Tensor3D {
  const [batch, , , channels] = images.shape;
  const { rows, columns } = patchGridOf(images.shape, patchSize);
  const strips = reshape(images, [batch * rows, patchSize, columns, patchSize * channels]);
  const patches = transpose(strips, [0, 2, 1, 3]); // [B * rows, columns, p, p * 3]
  return linear(reshape(patches, [batch, rows * columns, patchSize * patchSize * channels]), params) as Tensor3D;
}
