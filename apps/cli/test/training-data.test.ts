import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SampleSource } from '@vitrail/data';
import { beforeAll, describe, expect, it } from 'vitest';
import { settleConfiguration } from '../src/run-configuration.ts';
import { openTrainingData } from '../src/training/training-data.ts';
import { scratchFolder } from './scratch.ts';
import { captionedMembers, classNames, writeShard } from './shards.ts';
import { vitrail } from './vitrail.ts';

const folder = scratchFolder();
const shards = join(folder, 'train-*.tar');

beforeAll(async () => {
  await writeShard(folder, 'train-0.tar', await captionedMembers(40));
  await writeShard(folder, 'train-1.tar', await captionedMembers(40, { start: 40 }));
  writeFileSync(join(folder, 'classes.json'), JSON.stringify(classNames));
});

/** The keys of everything that a run would see, of whole pictures and of pictures of single things. */
async function keysOf(data: string): Promise<Record<'trained' | 'trainedSingles' | 'measured' | 'measuredSingles', string[]>> {
  const config = await settleConfiguration({ recipe: 'clip', data, batchSize: 4 });
  const { train, evaluation, close } = await openTrainingData(config, join(folder, 'no-run'));
  const keys = async (source?: SampleSource) =>
    Promise.all(Array.from({ length: source?.size ?? 0 }, async (_, i) => (await source?.read(i))?.key ?? ''));
  try {
    expect(train.key?.(1)).toBe((await train.read(1)).key);
    expect(evaluation.key?.(1)).toBe((await evaluation.read(1)).key);
    return {
      trained: await keys(train),
      trainedSingles: await keys(train.singles?.()),
      measured: await keys(evaluation),
      measuredSingles: await keys(evaluation.singles?.()),
    };
  } finally {
    await close();
  }
}

// Scores would tell how well a model remembers, not how well it sees.
describe('what is measured on was not trained on', () => {
  it('scenes', async () => {
    const { trained, measured } = await keysOf('scenes?count=100&size=16');
    expect([trained.length, measured.length]).toEqual([68, 32]);
    expect(new Set([...trained, ...measured]).size).toBe(100);
  });

  it('shards, also where their pictures are classified', async () => {
    const { trained, measured, measuredSingles } = await keysOf(shards);
    expect([trained.length, measured.length]).toEqual([48, 32]);
    expect(new Set([...trained, ...measured]).size).toBe(80);
    expect(measuredSingles).toEqual(measured);
  });

  it('mosaics: no tile is in both, and the options of the spec hold for both', async () => {
    const { trained, trainedSingles, measured, measuredSingles } = await keysOf(`mosaic:${shards}?grid=1..2&count=20&seed=5`);
    expect([trainedSingles.length, measuredSingles.length]).toEqual([48, 32]);
    expect(new Set([...trainedSingles, ...measuredSingles]).size).toBe(80);
    expect([trained.length, measured.length]).toEqual([20, 20]);
  });

  it('mosaics without options are as many as their tiles', async () => {
    const { trained, measured } = await keysOf(`mosaic:${shards}`);
    expect([trained.length, measured.length]).toEqual([48, 32]);
  });
});

it('the sizes and options of a spec reach the pictures that are held out', async () => {
  const config = await settleConfiguration({ recipe: 'clip', data: `mosaic:${shards}?grid=3&tileSize=5`, batchSize: 4 });
  const { train, evaluation, close } = await openTrainingData(config, join(folder, 'no-run'));
  for (const source of [train, evaluation]) expect((await source.read(0)).image).toMatchObject({ width: 15, height: 15 });
  await close();
});

it('sources that cannot be opened fail before a run is begun, the second as well as the first', async () => {
  const out = join(folder, 'run');
  for (const set of ['data.train=none.tar', 'data.evaluate=none.tar']) {
    const { status, stderr } = await vitrail('pretrain', '--recipe', 'clip', '--out', out, '--set', set);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^vitrail: no file matches none\.tar: /m);
  }
});
