import { createRng, VitrailError } from '@vitrail/core';
import { requireIndex } from '../require-index.ts';
import type { Sample, SampleSource } from '../sample.ts';
import { composeMosaic, type Tile } from './compose-mosaic.ts';
import { LARGEST_GRID, MOSAIC_TEMPLATES, mosaicCaptions, mosaicWords } from './mosaic-captions.ts';
import { mosaicPlan } from './mosaic-plan.ts';

/** What {@link mosaicSource} takes. */
export type MosaicOptions = {
  /** Tiles on a side, 1 to 8; or the least and the most, for grids that differ from mosaic to mosaic. 2 when absent. */
  readonly grid?: number | readonly [least: number, most: number];
  /** Mosaics in the set; as many as there are tiles when absent. A larger set begins with the mosaics of a smaller one. */
  readonly count?: number;
  /** 0 when absent. */
  readonly seed?: number | string;
  /** Side of a tile in the densest grid, in pixels; that of the largest tile of each mosaic when absent. */
  readonly tileSize?: number;
};

/** Label maps hold 8 bits per pixel. */
const MOST_CLASSES = 256;

/**
 * Mosaics of labelled pictures of single things: `g x g` tiles side by side, so that every pixel has a true class, which makes a data set for
 * classification (CIFAR, say) into one for dense alignment. Captions of three granularities (`alt`, `short`, `long`) are made of the class names.
 *
 * Mosaic `index` is a pure function of (tiles, seed, grid, index). The tiles are used about equally often (see {@link mosaicPlan}).
 *
 * - Pictures are squares of `most grid * tileSize` pixels, whatever their own grid; tiles of another size or shape are resized to their cell.
 * - Captions stay true when the picture is mirrored, as loaders do: nothing is left or right. Like those of TIPS they are not changed for a crop.
 * - `singles()`: the tiles themselves, with captions made in the same way beside those they have.
 * - Closing the mosaics closes the tiles.
 *
 * @throws `missing-data` when the tiles have no class names; `invalid-argument` for options that cannot be met. Reading throws `corrupt-data` for a tile
 *   that is damaged or has no class.
 * @example (await mosaicSource(cifar, { grid: 2 }).read(0)).labels?.data.length // 64 * 64
 */
export function mosaicSource(tiles: SampleSource, options: MosaicOptions = {}): SampleSource {
  const { grid = 2, count = tiles.size, seed = 0, tileSize } = options;
  const [least, most] = typeof grid === 'number' ? [grid, grid] : grid;
  requireOptions({ least, most, count, tileSize });
  const classNames = requireClassNames(tiles);
  const root = createRng(seed).fork('mosaics');
  const cellsOf = mosaicPlan(root, { tileCount: tiles.size, least, most });
  const common = { classNames, words: mosaicWords(classNames), templates: MOSAIC_TEMPLATES, warnings: tiles.warnings };
  const key = (index: number) => `mosaic-${String(index).padStart(6, '0')}`;

  return {
    ...common,
    description: `${count} mosaics of ${least === most ? '' : `${least} x ${least} to `}${most} x ${most} tiles; the tiles: ${tiles.description}`,
    size: count,
    hasLabelMaps: true,
    key,
    async read(index) {
      requireIndex(index, count, 'mosaics');
      const cells = cellsOf(index);
      const chosen = await Promise.all(Array.from(cells.tiles, async (tile) => requireClass(await tiles.read(tile), classNames)));
      const side = most * (tileSize ?? Math.max(...chosen.map(({ image }) => Math.max(image.width, image.height))));
      const names = chosen.map(({ classIndex }) => classNames[classIndex]);
      return {
        key: key(index),
        ...composeMosaic(chosen, cells.grid, side),
        captions: mosaicCaptions(names, cells.grid, root.fork('captions', index)),
      };
    },
    singles: () => ({
      ...common,
      description: tiles.description,
      size: tiles.size,
      hasLabelMaps: false,
      key: tiles.key,
      async read(index) {
        const { labels, ...tile } = requireClass(await tiles.read(index), classNames);
        const made = mosaicCaptions([classNames[tile.classIndex]], 1, root.fork('singles', index));
        return { ...tile, captions: { ...made, ...tile.captions } };
      },
      close: async () => {},
    }),
    close: () => tiles.close(),
  };
}

function requireClassNames({ classNames, description }: SampleSource): readonly string[] {
  if (classNames === undefined || classNames.length === 0) {
    throw new VitrailError(
      'missing-data',
      `mosaics are made of pictures whose class is known, but these have none: ${description}. ` +
        'Give every sample a label: a .cls file, or "class", "cls" or "label" in its .json',
    );
  }
  if (classNames.length > MOST_CLASSES) {
    throw new VitrailError(
      'invalid-argument',
      `label maps hold up to ${MOST_CLASSES} classes, but the tiles have ${classNames.length}`,
    );
  }
  return classNames;
}

function requireClass(tile: Sample, classNames: readonly string[]): Sample & Tile {
  const { classIndex } = tile;
  if (classIndex !== undefined && classIndex in classNames) return { ...tile, classIndex };
  throw new VitrailError(
    'corrupt-data',
    `tile ${tile.key} ${classIndex === undefined ? 'has no class' : `is of class ${classIndex}, but there are ${classNames.length}`}`,
  );
}

function requireOptions({
  least,
  most,
  count,
  tileSize,
}: {
  least: number;
  most: number;
  count: number;
  tileSize?: number;
}): void {
  const isWhole = (value: number, from: number, to: number) => Number.isSafeInteger(value) && value >= from && value <= to;
  if (!(isWhole(least, 1, LARGEST_GRID) && isWhole(most, least, LARGEST_GRID))) {
    const came = least === most ? least : `${least}..${most}`;
    throw new VitrailError(
      'invalid-argument',
      `mosaic: grid is 1 to ${LARGEST_GRID} tiles, or a range of these, but ${came} came`,
    );
  }
  if (!isWhole(count, 1, Number.MAX_SAFE_INTEGER)) {
    throw new VitrailError('invalid-argument', `mosaic: count is a whole number of at least 1, but ${count} came`);
  }
  if (tileSize !== undefined && !isWhole(tileSize, 1, 4096)) {
    throw new VitrailError('invalid-argument', `mosaic: tileSize is 1 to 4096 pixels, but ${tileSize} came`);
  }
}
