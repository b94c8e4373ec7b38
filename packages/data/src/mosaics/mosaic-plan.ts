import type { Rng } from '@vitrail/core';

/** What a mosaic is made of. */
export type MosaicCells = {
  /** Cells on a side. */
  readonly grid: number;
  /** Indices of the tiles, `[grid * grid]`, row-major. */
  readonly tiles: Int32Array;
};

/**
 * Which tiles make mosaic `index`, for every index at once: no mosaic needs the ones before it.
 *
 * Grids from `least` to `most` come equally often, in blocks that have each once, in random order. The cells of all mosaics, one after the other,
 * take the tiles by permutation after permutation, so that among the first mosaics no tile is used twice more than another. Four bytes of memory per
 * cell that has been asked for, and its permutation.
 */
export function mosaicPlan(
  rng: Rng,
  { tileCount, least, most }: { tileCount: number; least: number; most: number },
): (index: number) => MosaicCells {
  const choices = most - least + 1;
  let cellsInBlock = 0;
  for (let grid = least; grid <= most; grid++) cellsInBlock += grid * grid;
  const orders: Int32Array[] = [];
  const orderOf = (epoch: number) => {
    orders[epoch] ??= rng.fork('tiles', epoch).permutation(tileCount);
    return orders[epoch];
  };
  return (index) => {
    const block = Math.floor(index / choices);
    const grids = rng.fork('grids', block).permutation(choices);
    let first = block * cellsInBlock;
    for (let i = 0; i < index % choices; i++) first += (least + grids[i]) ** 2;
    const grid = least + grids[index % choices];
    const tiles = Int32Array.from({ length: grid * grid }, (_, cell) => {
      const position = first + cell;
      return orderOf(Math.floor(position / tileCount))[position % tileCount];
    });
    return { grid, tiles };
  };
}
