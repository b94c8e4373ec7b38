import type { Tensor3D } from '@tensorflow/tfjs-core';
import { principalComponents } from './principal-components.ts';
import { finiteValues, requireShape } from './require-input.ts';

/** Colour channels: red, green and blue are the first, second and third component. */
const channels = 3;
/** A component whose deviation is a smaller share of the patches' length than this is float32 rounding. */
const roundingShare = 1e-6;

/**
 * The patches of one picture as colours: their first three principal components, whitened, `sigmoid(2 x)`.
 *
 * Components are those of this picture's patches (denominator `n - 1`) and point where their entry of largest size is positive, so that the
 * same patches always have the same colours. A component without variance (a constant picture, fewer than three features) is 0.5 everywhere.
 *
 * @param patches `[rows, columns, D]`; the caller's
 * @returns `[rows * columns * 3]` in [0, 1], row-major, channels last
 * @throws `shape-mismatch`, `missing-data` (an empty axis), `non-finite`
 * @see TIPSv2, figure 5; the PCA demo of its repository (`PCA(n_components=3, whiten=True)` of scikit-learn, then `sigmoid(2 x)`)
 * @example (await pcaMap(ones([8, 8, 64]))).length // 192
 */
export async function pcaMap(patches: Tensor3D): Promise<Float32Array> {
  requireShape('pcaMap', 'patches', patches, ['rows', 'columns', 'D']);
  const { patches: values } = await finiteValues('pcaMap', { patches });
  const [rows, columns, width] = patches.shape;
  const count = rows * columns;
  const colors = new Float32Array(count * channels).fill(0.5);
  if (count === 1) return colors;

  const centred = Float64Array.from(values);
  let squaredLength = 0; // mean over patches
  for (let j = 0; j < width; j++) {
    let mean = 0;
    for (let i = 0; i < count; i++) mean += values[i * width + j] / count;
    for (let i = 0; i < count; i++) {
      squaredLength += values[i * width + j] ** 2 / count;
      centred[i * width + j] -= mean;
    }
  }
  principalComponents(centred, width, channels).forEach(({ direction, variance }, channel) => {
    if (variance <= roundingShare ** 2 * squaredLength) return;
    for (let i = 0; i < count; i++) {
      let score = 0;
      for (let j = 0; j < width; j++) score += centred[i * width + j] * direction[j];
      colors[i * channels + channel] = 1 / (1 + Math.exp((-2 * score) / Math.sqrt(variance)));
    }
  });
  return colors;
}
