import { describe, expect, it } from 'vitest';
import { expectError } from '../../test/expect-error.ts';
import { flat } from '../../test/pictures.ts';
import type { Sample, SampleSource } from '../sample.ts';
import { mosaicSource } from './mosaic-source.ts';

const CLASSES = ['airplane', 'cat', 'dog', 'ship'];
const COLORS = [
  [250, 20, 20],
  [20, 250, 20],
  [20, 20, 250],
  [250, 250, 20],
] as const;

/** Tiles in the colour of their class, `4 * 5` of them. */
function tileSource(
  change: Partial<SampleSource> = {},
  changeTile: (index: number) => Partial<Sample> = () => ({}),
): SampleSource {
  return {
    description: 'coloured tiles',
    size: 20,
    classNames: CLASSES,
    hasLabelMaps: false,
    key: (index) => `tile-${index}`,
    read: async (index) => ({
      key: `tile-${index}`,
      image: flat(8, 8, COLORS[index % 4]),
      captions: {},
      classIndex: index % 4,
      ...changeTile(index),
    }),
    close: async () => {},
    ...change,
  };
}

function readAll(source: SampleSource): Promise<Sample[]> {
  return Promise.all(Array.from({ length: source.size }, (_, index) => source.read(index)));
}

/** The classes of the cells, row by row, as the label map says. */
function cellsOf({ labels }: Sample, grid: number): string[][] {
  if (labels === undefined) return [];
  const cell = labels.width / grid;
  const at = (i: number) => Math.floor((i + 0.5) * cell);
  return Array.from({ length: grid }, (_, row) =>
    Array.from({ length: grid }, (_, column) => CLASSES[labels.data[at(row) * labels.width + at(column)]]),
  );
}

/** A phrase of names in words, sorted: `a cat next to another cat` is two cats. */
function namesIn(text: string): string[] {
  return (text.match(/airplane|cat|dog|ship/g) ?? []).sort();
}

describe('pictures and labels', () => {
  it('every pixel has the colour of the class it is labelled with', async () => {
    for (const { image, labels } of await readAll(mosaicSource(tileSource(), { grid: 2 }))) {
      expect([image.width, image.height, labels?.width, labels?.height]).toEqual([16, 16, 16, 16]);
      labels?.data.forEach((label, at) => {
        if (COLORS[label].some((value, c) => value !== image.data[at * 3 + c]))
          expect.fail(`pixel ${at} is not of class ${label}`);
      });
    }
  });

  it('puts whole tiles where they belong, unchanged', async () => {
    const numbered = tileSource({}, (index) => ({
      image: { width: 2, height: 2, data: Uint8Array.from({ length: 12 }, (_, i) => index * 12 + i) },
    }));
    const { image } = await mosaicSource(numbered, { grid: 2 }).read(0);
    for (const [top, left] of [
      [0, 0],
      [0, 2],
      [2, 0],
      [2, 2],
    ]) {
      const pixels = [0, 1].flatMap((row) => {
        const at = ((top + row) * 4 + left) * 3;
        return Array.from(image.data.subarray(at, at + 6));
      });
      const tile = Math.floor(pixels[0] / 12);
      expect(pixels).toEqual(Array.from({ length: 12 }, (_, i) => tile * 12 + i));
    }
  });

  it('has one size for all grids of a range', async () => {
    const mosaics = await readAll(mosaicSource(tileSource(), { grid: [1, 3], count: 9 }));
    const sizes = new Set<number>();
    for (const mosaic of mosaics) {
      expect(mosaic.image.width).toBe(24);
      // The number of names in the long caption is the number of tiles.
      const grid = Math.sqrt(namesIn(String(mosaic.captions.long)).length);
      sizes.add(grid);
      expect(namesIn(String(mosaic.captions.long))).toEqual(cellsOf(mosaic, grid).flat().sort());
    }
    expect(sizes).toEqual(new Set([1, 2, 3]));
  });

  it('resizes tiles of other sizes and shapes to their cell, and all to tileSize if it is given', async () => {
    const uneven = tileSource({}, (index) => ({ image: flat(5 + (index % 3), 4, COLORS[index % 4]) }));
    const { image, labels } = await mosaicSource(uneven, { tileSize: 10 }).read(0);
    expect([image.width, image.height]).toEqual([20, 20]);
    labels?.data.forEach((label, at) => {
      expect(Array.from(image.data.subarray(at * 3, at * 3 + 3))).toEqual([...COLORS[label]]);
    });
    expect((await mosaicSource(uneven, { grid: 1, count: 3 }).read(0)).image.width).toBeLessThanOrEqual(7);
  });

  it('covers the whole picture where the grid does not divide its side', async () => {
    const { image, labels } = await mosaicSource(tileSource(), { grid: [3, 4], tileSize: 4, count: 2 }).read(0);
    expect(image.width).toBe(16);
    labels?.data.forEach((label, at) => {
      expect(Array.from(image.data.subarray(at * 3, at * 3 + 3))).toEqual([...COLORS[label]]);
    });
  });
});

describe('captions', () => {
  it('say what is there: short every class once, long row by row, alt something', async () => {
    const source = mosaicSource(tileSource(), { grid: 2, count: 100 });
    const words = new Set(source.words);
    for (const mosaic of await readAll(source)) {
      const [top, bottom] = cellsOf(mosaic, 2);
      const { alt, short, long } = mosaic.captions;
      expect(namesIn(String(short))).toEqual([...new Set([...top, ...bottom])].sort());
      const rows = /^(.*) at the top, (.*) at the bottom$/.exec(String(long));
      expect(namesIn(rows?.[1] ?? '')).toEqual([...top].sort());
      expect(namesIn(rows?.[2] ?? '')).toEqual([...bottom].sort());
      expect([...top, ...bottom]).toEqual(expect.arrayContaining(namesIn(String(alt))));
      expect(namesIn(String(alt)).length).toBeGreaterThan(0);
      for (const text of [alt, short, long]) {
        for (const word of String(text).match(/[a-z]+/g) ?? []) expect(words, String(text)).toContain(word);
      }
      if (top[0] === top[1]) expect(long).toContain(`another ${top[0]}`);
      expect(long).not.toMatch(/\ba airplane/);
    }
  });

  it('name rows of larger grids by number', async () => {
    const { captions } = await mosaicSource(tileSource(), { grid: 4, count: 1 }).read(0);
    expect(captions.long).toMatch(/ in the first row, .* in the second row, .* in the third row, .* in the fourth row$/);
  });
});

it('is a pure function of seed and index', async () => {
  const source = mosaicSource(tileSource(), { seed: 1 });
  const mosaic = await source.read(11);
  await source.read(3);
  expect(await source.read(11)).toEqual(mosaic);
  expect(await mosaicSource(tileSource(), { seed: 1, count: 500 }).read(11)).toEqual(mosaic);
  expect((await mosaicSource(tileSource(), { seed: 2 }).read(11)).labels).not.toEqual(mosaic.labels);
  expect(mosaic.key).toBe('mosaic-000011');
  expect(source.key?.(11)).toBe('mosaic-000011');
});

it('has as many mosaics as tiles, the class names and warnings of the tiles, and closes them', async () => {
  let closed = 0;
  const warnings = ['one shard is cut off'];
  const source = mosaicSource(tileSource({ warnings, close: async () => void closed++ }));
  expect(source).toMatchObject({ size: 20, classNames: CLASSES, hasLabelMaps: true, warnings });
  await source.singles?.().close();
  expect(closed).toBe(0);
  await source.close();
  expect(closed).toBe(1);
});

it('has the tiles as singles, with captions made of their class beside their own', async () => {
  const singles = mosaicSource(tileSource({}, (index) => (index === 1 ? { captions: { alt: 'Felix' } } : {}))).singles?.();
  expect(singles).toMatchObject({ size: 20, classNames: CLASSES, hasLabelMaps: false });
  const tile = await singles?.read(1);
  expect(tile).toMatchObject({ key: 'tile-1', classIndex: 1, image: { width: 8 } });
  expect(tile?.captions.alt).toBe('Felix');
  expect(tile?.captions.short).toMatch(/a cat$/);
  expect((await singles?.read(3))?.captions.alt).toContain('ship');
});

it('refuses tiles without classes, and says how to give them', async () => {
  await expectError(() => mosaicSource(tileSource({ classNames: undefined })), 'missing-data', /coloured tiles.*\.cls.*\.json/);
  await expectError(() => mosaicSource(tileSource({ classNames: [] })), 'missing-data', /class is known/);
  const some = mosaicSource(tileSource({}, (index) => (index === 7 ? { classIndex: undefined } : {})));
  await expectError(() => readAll(some), 'corrupt-data', /tile tile-7 has no class/);
  await expectError(() => some.singles?.().read(7), 'corrupt-data', /tile tile-7 has no class/);
  const beyond = mosaicSource(tileSource({}, () => ({ classIndex: 9 })));
  await expectError(() => beyond.read(0), 'corrupt-data', /of class 9, but there are 4/);
  const many = Array.from({ length: 257 }, (_, i) => `class ${i}`);
  await expectError(
    () => mosaicSource(tileSource({ classNames: many })),
    'invalid-argument',
    /256 classes, but the tiles have 257/,
  );
});

it('refuses options that cannot be met, and reading past the end', async () => {
  const refused: [Parameters<typeof mosaicSource>[1], RegExp][] = [
    [{ grid: 0 }, /grid is 1 to 8 tiles.*but 0 came/],
    [{ grid: 9 }, /but 9 came/],
    [{ grid: [3, 2] }, /but 3\.\.2 came/],
    [{ count: 0 }, /count is a whole number of at least 1, but 0/],
    [{ tileSize: 0.5 }, /tileSize is 1 to 4096 pixels, but 0.5/],
  ];
  for (const [options, message] of refused) {
    await expectError(() => mosaicSource(tileSource(), options), 'invalid-argument', message);
  }
  await expectError(() => mosaicSource(tileSource()).read(20), 'invalid-argument', /from 0 to 19, but 20/);
});
