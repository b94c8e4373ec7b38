import { type MosaicOptions, mosaicSource, type SampleSource } from '@vitrail/data';

/** Two parts of one source that share no picture. */
export type HeldOut = { train: SampleSource; evaluation: SampleSource };

/**
 * Keeps the last pictures of a source for evaluation.
 *
 * Mosaics are made of the same tiles again and again, so that theirs is a split of the tiles: each part makes its own mosaics.
 *
 * @param spec what `source` was opened by.
 * @param count pictures to hold out of so many.
 */
export function holdOut(spec: string, source: SampleSource, count: (size: number) => number): HeldOut {
  if (!spec.startsWith('mosaic:') || source.singles === undefined) return split(source, count(source.size));
  const options = mosaicOptions(spec);
  const tiles = source.singles();
  const { train, evaluation } = split(tiles, count(tiles.size));
  const most = Math.min(evaluation.size, options.count ?? Number.POSITIVE_INFINITY);
  return { train: mosaicSource(train, options), evaluation: mosaicSource(evaluation, { ...options, count: most }) };
}

function split(source: SampleSource, heldOut: number): HeldOut {
  const trained = source.size - heldOut;
  return { train: part(source, 0, trained), evaluation: part(source, trained, heldOut) };
}

/** `size` samples of a source from `first` on, and the same part of its pictures of single things. */
function part(source: SampleSource, first: number, size: number): SampleSource {
  const { singles, key } = source;
  return {
    ...source,
    description: `${size} of ${source.description}`,
    size,
    read: (index) => source.read(first + index),
    ...(key && { key: (index: number) => key(first + index) }),
    ...(singles && { singles: () => part(singles(), first, size) }),
    close: async () => {},
  };
}

/** The options of a mosaic's spec, which opening it has checked. */
function mosaicOptions(spec: string): MosaicOptions {
  const text = new Map(new URLSearchParams(spec.slice(spec.lastIndexOf('?') + 1)));
  const number = (name: string) => (text.has(name) ? Number(text.get(name)) : undefined);
  const [least, most] = (text.get('grid') ?? '').split('..').map(Number);
  const seed = text.get('seed');
  return {
    ...(text.has('grid') && { grid: most === undefined ? least : [least, most] }),
    ...(text.has('count') && { count: number('count') }),
    ...(text.has('tileSize') && { tileSize: number('tileSize') }),
    ...(seed !== undefined && { seed: /^\d+$/.test(seed) ? Number(seed) : seed }),
  };
}
