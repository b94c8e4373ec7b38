import {
  add,
  div,
  mean,
  mul,
  reshape,
  sqrt,
  square,
  sub,
  sum,
  type Tensor3D,
  type Tensor4D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { requireShape, VitrailError } from '@vitrail/core';

/**
 * A picture as the pixels of its patches: what MAE and SimMIM predict.
 *
 * @param images `[B, H, W, C]`, H and W multiples of the patch size
 * @param patchSize p, the side of a patch in pixels
 * @returns `[B, N, p * p * C]`: patches row by row, in each the pixels in the order (y, x, channel); the caller's
 * @throws `shape-mismatch` for what is no batch of images, or sides that are not multiples of p; `invalid-argument` for p
 * @see "Masked Autoencoders Are Scalable Vision Learners" (MAE), He et al. 2022 (arXiv 2111.06377); code `models_mae.py` (patchify)
 * @example patchify(ones([2, 224, 224, 3]), 16).shape // [2, 196, 768]
 */
export function patchify(images: Tensor4D, patchSize: number): Tensor3D {
  requireShape('patchify', 'images', images, ['B', 'H', 'W', 'C']);
  if (!(Number.isInteger(patchSize) && patchSize >= 1)) {
    throw new VitrailError('invalid-argument', `patchify: patchSize is a whole number of at least 1, but ${patchSize} came`);
  }
  const [batch, height, width, channels] = images.shape;
  if (height % patchSize !== 0 || width % patchSize !== 0) {
    throw new VitrailError(
      'shape-mismatch',
      `patchify: the sides of images are multiples of the patch size ${patchSize}, but [${images.shape.join(', ')}] came`,
    );
  }
  const [rows, columns] = [height / patchSize, width / patchSize];
  return tidy(() => {
    const strips = reshape(images, [batch * rows, patchSize, columns, patchSize * channels]);
    const patches = transpose(strips, [0, 2, 1, 3]); // [B * rows, columns, p, p * C]
    return reshape(patches, [batch, rows * columns, patchSize * patchSize * channels]);
  });
}

/**
 * Patches, each with the mean 0 and the variance 1 of its own pixels: `(x - mean) / sqrt(variance + 1e-6)`, the variance unbiased (divided
 * by P - 1). The targets of MAE's better variant. A patch of one colour becomes zeros.
 *
 * @param patches `[B, N, P]`
 * @returns `[B, N, P]`, the caller's
 * @throws `shape-mismatch` for what are no patches, or patches of a single number
 * @see "Masked Autoencoders Are Scalable Vision Learners" (MAE), He et al. 2022 (arXiv 2111.06377), section 3; code `models_mae.py`
 *   (`norm_pix_loss`)
 * @example normalizePatches(patchify(ones([2, 32, 32, 3]), 16)).shape // [2, 4, 768]
 */
export function normalizePatches(patches: Tensor3D): Tensor3D {
  requireShape('normalizePatches', 'patches', patches, ['B', 'N', 'P']);
  const pixels = patches.shape[2];
  if (pixels < 2) {
    throw new VitrailError(
      'shape-mismatch',
      `normalizePatches: a patch has at least two numbers, but [${patches.shape.join(', ')}] came`,
    );
  }
  return tidy(() => {
    const centred = sub(patches, mean(patches, 2, true));
    const variance = mul(sum(square(centred), 2, true), 1 / (pixels - 1)); // [B, N, 1]
    return div(centred, sqrt(add(variance, 1e-6)));
  });
}
