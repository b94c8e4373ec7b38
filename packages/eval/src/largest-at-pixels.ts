import { argMax, reshape, type Tensor2D, type Tensor3D, tensor2d, tidy, transpose } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { matrixProduct, resizeMatrix } from '@vitrail/ops';
import { requireCount } from './require-input.ts';
import { takeValues } from './take-values.ts';

/** Most numbers of enlarged maps that are held at once: 150 classes at 512 x 512 would be 39 million. */
const mostNumbers = 2 ** 22;

/**
 * The class whose map is largest at each pixel, after bilinear resizing of the maps to the picture's size, a band of pixel rows at a time.
 * Equal maps go to the lower class.
 *
 * @param maps `[rows, columns, C]`, C at most 256
 * @returns `[height * width]`
 */
export async function largestAtPixels(
  where: string,
  maps: Tensor3D,
  [height, width]: readonly [number, number],
): Promise<Uint8Array> {
  const [rows, columns, classes] = maps.shape;
  requireCount(where, 'height', height);
  requireCount(where, 'width', width);
  if (classes > 256) {
    throw new VitrailError('invalid-argument', `${where}: a label map holds at most 256 classes, but ${classes} came`);
  }
  const labels = new Uint8Array(height * width);
  const alongRows = resizeMatrix(rows, height);
  const bandRows = Math.max(1, Math.floor(mostNumbers / (width * classes)));
  const wide: Tensor2D = tidy(() => {
    const columnsFirst: Tensor2D = reshape(transpose(maps, [1, 0, 2]), [columns, rows * classes]);
    const alongColumns = tensor2d(resizeMatrix(columns, width), [width, columns]);
    const enlarged = reshape(matrixProduct(alongColumns, columnsFirst), [width, rows, classes]);
    return reshape(transpose(enlarged, [1, 0, 2]), [rows, width * classes]);
  });
  try {
    for (let first = 0; first < height; first += bandRows) {
      const band = Math.min(bandRows, height - first);
      const largest = tidy(() => {
        const weights = tensor2d(alongRows.subarray(first * rows, (first + band) * rows), [band, rows]);
        return argMax(reshape(matrixProduct(weights, wide), [band * width, classes]), 1);
      });
      labels.set(await takeValues(largest), first * width);
    }
  } finally {
    wide.dispose();
  }
  return labels;
}
