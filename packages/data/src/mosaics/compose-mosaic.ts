import { resizeImage } from '../images/resize-image.ts';
import type { LabelMap, RgbImage } from '../sample.ts';

/** What goes into one cell. */
export type Tile = { readonly image: RgbImage; readonly classIndex: number };

/**
 * Lays `grid * grid` tiles, row-major, on a square of `side` by `side` pixels, each resized (bicubically) to its cell if it has another size, and gives
 * every pixel the class of its tile. Cells differ by one pixel where `grid` does not divide `side`.
 */
export function composeMosaic(tiles: readonly Tile[], grid: number, side: number): { image: RgbImage; labels: LabelMap } {
  const data = new Uint8Array(side * side * 3);
  const labels = new Uint8Array(side * side);
  const edge = (cell: number) => Math.round((cell * side) / grid);
  tiles.forEach(({ image, classIndex }, i) => {
    const [left, top] = [edge(i % grid), edge(Math.floor(i / grid))];
    const width = edge((i % grid) + 1) - left;
    const height = edge(Math.floor(i / grid) + 1) - top;
    const fits = image.width === width && image.height === height;
    const pixels = (fits ? image : resizeImage(image, { width, height, filter: 'bicubic' })).data;
    for (let row = 0; row < height; row++) {
      const at = (top + row) * side + left;
      data.set(pixels.subarray(row * width * 3, (row + 1) * width * 3), at * 3);
      labels.fill(classIndex, at, at + width);
    }
  });
  return { image: { width: side, height: side, data }, labels: { width: side, height: side, data: labels } };
}
