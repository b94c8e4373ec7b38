import { VitrailError } from '@vitrail/core';
import { requireCount } from './require-input.ts';

/** The class of every pixel of a picture. */
export type PixelLabels = {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** `[height * width]`, row-major. */
  readonly data: Uint8Array;
};

/**
 * The commonest class of each patch; among equals the lower index. Pixel `(y, x)` belongs to patch
 * `(floor(y rows / height), floor(x columns / width))`, so a picture need not divide evenly.
 *
 * @param rows of the patch grid, at most the picture's height
 * @param columns of the patch grid, at most the picture's width
 * @returns `[rows * columns]`, row-major
 * @throws `shape-mismatch` when `data` has not one label per pixel, `invalid-argument` for a grid that is none or finer than the pixels
 * @example patchLabels({ width: 4, height: 2, data: Uint8Array.of(0, 0, 1, 2, 0, 3, 2, 2) }, 1, 2) // [0, 2]
 */
export function patchLabels({ width, height, data }: PixelLabels, rows: number, columns: number): Uint8Array {
  requireCount('patchLabels', 'rows', rows);
  requireCount('patchLabels', 'columns', columns);
  if (data.length !== width * height) {
    throw new VitrailError(
      'shape-mismatch',
      `patchLabels: data has one label for each of ${width} x ${height} pixels, but ${data.length} came`,
    );
  }
  if (rows > height || columns > width) {
    throw new VitrailError(
      'invalid-argument',
      `patchLabels: a patch covers at least one pixel, but a grid of ${rows} x ${columns} came for ${height} x ${width} pixels`,
    );
  }
  const votes = new Uint32Array(rows * columns * 256);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * rows) / height);
    for (let x = 0; x < width; x++) {
      const patch = row * columns + Math.floor((x * columns) / width);
      votes[patch * 256 + data[y * width + x]]++;
    }
  }
  return Uint8Array.from({ length: rows * columns }, (_, patch) => {
    const own = votes.subarray(patch * 256, (patch + 1) * 256);
    return own.reduce((best, count, label) => (count > own[best] ? label : best), 0);
  });
}
