import { mkdir, mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectError } from '../test/expect-error.ts';
import { CLASSES, GRAYS, labelledShard } from '../test/labelled-shard.ts';
import { makeTar } from '../test/make-tar.ts';
import { memoryStore } from '../test/memory-store.ts';
import { flat, png } from '../test/pictures.ts';
import { loadBatches } from './load-batches.ts';
import { openSource } from './open-source.ts';

let folder = '';
let train0: Uint8Array;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vitrail-open-source-'));
  train0 = await labelledShard(['ship', 'cat', 'cat', 'airplane']);
  for (const name of ['named', 'unnamed', 'captioned', 'broken']) await mkdir(join(folder, name));
  for (const name of ['named', 'unnamed']) {
    await writeFile(join(folder, name, 'train-0000.tar'), train0);
    await writeFile(join(folder, name, 'train-0001.tar'), await labelledShard(['airplane', 'ship']));
    await writeFile(join(folder, name, 'test-0000.tar'), await labelledShard(['cat', 'ship']));
  }
  await writeFile(join(folder, 'named', 'classes.json'), JSON.stringify([...CLASSES].reverse()));
  const picture = await png(flat(4, 4, [1, 2, 3]));
  await writeFile(
    join(folder, 'captioned', 'a.tar'),
    makeTar({ '0.png': picture, '0.txt': 'a dog', '1.png': picture, '1.json': '{"caption": "a cat", "long": "a cat asleep"}' }),
  );
  const cut = makeTar({ '0.png': picture, '0.txt': 'a dog', '1.png': picture, '1.txt': 'a cat' });
  await writeFile(join(folder, 'broken', 'cut.tar'), cut.subarray(0, cut.length - 1024 - 900));
  await writeFile(join(folder, 'broken', 'no.tar'), 'this is no archive'.repeat(100));
  await writeFile(join(folder, 'broken', 'classes.json'), '{"cat": 0}');
});

afterAll(() => rm(folder, { recursive: true }));

describe('scenes', () => {
  it('opens them with the options of the spec', async () => {
    const source = await openSource('scenes?count=5&size=32&split=test');
    expect(source).toMatchObject({ size: 5, hasLabelMaps: true });
    expect(await source.read(0)).toMatchObject({ key: 'scene-test-000000', image: { width: 32 } });
    await source.close();
  });

  it('refuses what they cannot be', async () => {
    await expectError(() => openSource('scenes?size=4'), 'invalid-argument', /size is a whole number from 16 to 1024, but 4/);
    await expectError(() => openSource('scene'), 'unknown-name', /no data source "scene"; did you mean scenes\?/);
  });

  it('are too few for a batch larger than they are', async () => {
    const source = await openSource('scenes?count=5');
    const views = {
      globalSize: 16,
      localSize: 8,
      localCrops: 0,
      globalScale: [1, 1],
      localScale: [1, 1],
      aspect: [1, 1],
      flip: 0,
    } as const;
    await expectError(
      () => loadBatches(source, { batchSize: 8, views, seed: 0 }),
      'missing-data',
      /batch of 8.*only 5: 5 scenes of 64/,
    );
    for await (const { global, samples } of loadBatches(source, { batchSize: 5, views, seed: 0 })) {
      expect(global).toHaveLength(5 * 16 * 16 * 3);
      expect(samples.map(({ key }) => key).sort()).toEqual([0, 1, 2, 3, 4].map((i) => `scene-train-00000${i}`));
      break;
    }
  });
});

describe('shards', () => {
  it('opens those that a pattern names, with captions', async () => {
    const source = await openSource(join(folder, 'captioned', '?.tar'));
    expect(source).toMatchObject({ size: 2, hasLabelMaps: false, classNames: undefined });
    expect(source.singles).toBeUndefined();
    expect((await source.read(0)).captions).toEqual({ alt: 'a dog' });
    expect((await source.read(1)).captions).toEqual({ alt: 'a cat', long: 'a cat asleep' });
    await source.close();
  });

  it('are labelled pictures of single things where classes.json lies beside them', async () => {
    const source = await openSource(join(folder, 'named', 'train-{0000..0001}.tar'));
    expect(source).toMatchObject({ size: 6, classNames: ['ship', 'cat', 'airplane'] });
    const singles = source.singles?.();
    const labels = await Promise.all([0, 1, 2, 3, 4, 5].map(async (index) => (await singles?.read(index))?.classIndex));
    expect(labels).toEqual([0, 1, 1, 2, 2, 0]);
    await source.close();
  });

  it('warns of a shard that is cut off, and opens the rest', async () => {
    await writeFile(join(folder, 'captioned', 'cut.tar'), train0.subarray(0, train0.length - 1024));
    const source = await openSource(join(folder, 'captioned', 'cut.tar'));
    expect(source.warnings?.join()).toMatch(/cut\.tar: its end-of-archive marker is missing/);
    await source.close();
    await rm(join(folder, 'captioned', 'cut.tar'));
  });

  it('says what is wrong with files that are not there, no archives, or no list of classes', async () => {
    await expectError(() => openSource(join(folder, 'named', 'val-*.tar')), 'missing-data', /no file matches .*val-\*\.tar: /);
    await expectError(() => openSource(folder), 'missing-data', /it is a folder; name its shards/);
    await expectError(
      () => openSource(join(folder, 'broken', 'cut.tar')),
      'corrupt-data',
      /classes\.json: a JSON array of class names/,
    );
    await rm(join(folder, 'broken', 'classes.json'));
    await expectError(() => openSource(join(folder, 'broken', 'no.tar')), 'corrupt-data', /no\.tar: .*at byte 0/);
    await writeFile(join(folder, 'captioned', 'classes.json'), '["cat", "dog"]');
    const both = join(folder, '{captioned,named}', '*.tar');
    await expectError(
      () => openSource(both),
      'corrupt-data',
      /captioned.classes\.json and .*named.classes\.json name different classes/,
    );
    await writeFile(join(folder, 'captioned', 'classes.json'), '["cat",');
    await expectError(() => openSource(both), 'corrupt-data', /classes\.json: not JSON/);
    await rm(join(folder, 'captioned', 'classes.json'));
  });
});

describe('mosaics', () => {
  it('are made of labelled shards, their classes in the order of classes.json', async () => {
    const source = await openSource(`mosaic:${join(folder, 'named', 'train-*.tar')}?grid=2&count=30`);
    expect(source).toMatchObject({ size: 30, classNames: ['ship', 'cat', 'airplane'], hasLabelMaps: true });
    for (let index = 0; index < source.size; index++) {
      const { image, labels } = await source.read(index);
      expect([image.width, image.height]).toEqual([16, 16]);
      labels?.data.forEach((label, at) => {
        const name = source.classNames?.[label] ?? '';
        expect(image.data[at * 3]).toBe(GRAYS[CLASSES.indexOf(name)]);
      });
    }
    expect(await source.singles?.().read(0)).toMatchObject({ classIndex: 0, image: { width: 8 } });
    await source.close();
  });

  it('give train and test shards the same classes in the same order', async () => {
    const train = await openSource(`mosaic:${join(folder, 'named', 'train-*.tar')}`);
    const test = await openSource(`mosaic:${join(folder, 'named', 'test-*.tar')}`);
    expect(test.classNames).toEqual(train.classNames);
    await Promise.all([train.close(), test.close()]);
  });

  it('collect the names of classes from the samples where there is no list', async () => {
    const source = await openSource(`mosaic:${join(folder, 'unnamed', 'train-000?.tar')}?grid=1..2`);
    expect(source.classNames).toEqual(CLASSES);
    expect(source.description).toMatch(/^6 mosaics of 1 x 1 to 2 x 2 tiles; the tiles: 6 samples in 2 shards/);
    await source.close();
  });

  it('need labels, and options that can be met', async () => {
    await expectError(
      () => openSource(`mosaic:${join(folder, 'captioned', 'a.tar')}`),
      'missing-data',
      /class is known, but these have none: 2 samples/,
    );
    await expectError(
      () => openSource(`mosaic:${join(folder, 'named', '*.tar')}?gird=2`),
      'unknown-name',
      /did you mean "grid"\?/,
    );
    await expectError(
      () => openSource(`mosaic:${join(folder, 'named', '*.tar')}?grid=9`),
      'invalid-argument',
      /grid is 1 to 8 tiles/,
    );
    await expectError(() => openSource(`mosaic:${join(folder, 'nowhere', '*.tar')}`), 'missing-data', /no file matches/);
  });
});

describe('with a store for its index', () => {
  const open = async (spec: string, index: ReturnType<typeof memoryStore>) => {
    const source = await openSource(spec, { index });
    const keys = Array.from({ length: source.size }, (_, i) => source.key?.(i));
    await source.close();
    return { keys, classNames: source.classNames };
  };

  it.each(['', 'mosaic:'])(
    'a file of the same size and time of change is not walked again, one of another time is (%s)',
    async (prefix) => {
      const path = join(folder, 'unnamed', 'kept.tar');
      const spec = `${prefix}${path}`;
      await writeFile(path, await labelledShard(['ship', 'cat']));
      const written = new Date(1.5e12);
      await utimes(path, written, written);
      const { size } = await stat(path);
      const store = memoryStore();
      const first = await open(spec, store);
      expect(store.saved.length).toBe(1);

      await writeFile(path, new Uint8Array(size)); // Whoever looks into it now finds no picture.
      await utimes(path, written, written);
      expect(await open(spec, store)).toEqual(first);

      await utimes(path, written, new Date(1.6e12));
      await expectError(() => open(spec, store), 'missing-data', /no picture/);
      await rm(path);
    },
  );

  it('scenes leave it alone', async () => {
    const store = memoryStore();
    await open('scenes?count=5', store);
    expect(store.saved).toEqual([]);
  });
});
