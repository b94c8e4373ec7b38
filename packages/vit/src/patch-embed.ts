import { reshape, slice, type Tensor3D, type Tensor4D, transpose } from '@tensorflow/tfjs-core';
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
 * Patches along the side of square images: whole ones alone, as a convolution whose stride is its kernel's size gives them.
 *
 * @example gridSide({ imageSize: 384, patchSize: 14 }) // 27
 */
export function gridSide({ imageSize, patchSize }: { readonly imageSize: number; readonly patchSize: number }): number {
  return Math.floor(imageSize / patchSize);
}

/** `[B, H, W, 3]` without the pixels on the right and below that fill no patch; images smaller than a patch stay as they are. */
export function wholePatches(images: Tensor4D, patchSize: number): Tensor4D {
  const [batch, height, width, channels] = images.shape;
  const [rows, columns] = [height, width].map((side) => (side < patchSize ? side : side - (side % patchSize)));
  if (images.shape.length !== 4 || (rows === height && columns === width)) return images;
  return slice(images, [0, 0, 0, 0], [batch, rows, columns, channels]);
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
