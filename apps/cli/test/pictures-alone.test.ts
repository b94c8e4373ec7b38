import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readJson, readMetrics } from './run-files.ts';
import { scratchFolder } from './scratch.ts';
import { classNames, picture, writeShard } from './shards.ts';
import { vitrail } from './vitrail.ts';

const folder = scratchFolder();
const run = join(folder, 'run');
const labelled = join(folder, 'labelled', 'train.tar');

const settings = [
  'image.width=16',
  'image.depth=1',
  'image.heads=2',
  'image.mlpHidden=32',
  'image.positionGrid=2',
  'views.globalSize=16',
  'train.batchSize=4',
  'train.logEvery=1',
  'train.checkpointEvery=2',
  'train.evaluateEvery=2',
  'train.evaluateSamples=4',
];
const small = ['decoder.width=8', 'decoder.heads=2', 'decoder.mlpHidden=16'];
const pretrain = (out: string, data: string, ...more: readonly string[]) =>
  vitrail(
    'pretrain',
    '--recipe',
    'mae',
    '--data',
    data,
    '--out',
    out,
    '--backend',
    'wasm',
    '--steps',
    '3',
    '--set',
    ...settings,
    ...small,
    ...more,
  );

beforeAll(async () => {
  const members = await Promise.all(
    Array.from({ length: 80 }, async (_, index) => {
      const key = String(index).padStart(5, '0');
      return [
        [`${key}.jpg`, await picture(index)],
        [`${key}.cls`, String(index % 3)],
      ] as const;
    }),
  );
  await writeShard(join(folder, 'labelled'), 'train.tar', Object.fromEntries(members.flat()));
  await writeShard(join(folder, 'unlabelled'), 'train.tar', Object.fromEntries(members.map(([jpg]) => jpg)));
  writeFileSync(join(folder, 'labelled', 'classes.json'), JSON.stringify(classNames));
  const { status, stderr } = await pretrain(run, labelled);
  expect(status, stderr).toBe(0);
});

it('a recipe of pictures alone trains on pictures without captions, and is measured by their classes', () => {
  const summary = readJson(run, 'summary.json');
  expect(summary).toMatchObject({
    status: 'completed',
    steps: 3,
    badSamples: 0,
    eval: { knn: { top1: expect.any(Number), chance: { top1: expect.closeTo(1 / 3, 1) } } },
  });
  expect(summary.parameters).not.toHaveProperty('text');
  expect(readJson(run, 'config.json')).not.toHaveProperty('text');
  expect(readMetrics(run).map(({ step, split }) => `${step} ${split}`)).toEqual([
    '1 train',
    '2 train',
    '2 eval',
    '3 train',
    '3 eval',
  ]);
});

it('its report shows the features of pictures, and k-NN beside chance', () => {
  const { segmentation, retrieval } = readJson(run, 'pictures.json') as { segmentation: object[]; retrieval: object[] };
  expect(segmentation).toHaveLength(8);
  for (const [i, example] of segmentation.entries()) {
    expect(example).toEqual({
      caption: expect.stringMatching(/^(cat|dog|ship)$/),
      image: expect.stringMatching(/^data:image\/png/),
      pca: expect.stringMatching(/^data:image\/png/),
    });
    if (i > 0) expect((example as { pca: string }).pca).not.toBe((segmentation[0] as { pca: string }).pca);
  }
  expect(retrieval).toEqual([]);
  const page = readFileSync(join(run, 'report.html'), 'utf8');
  expect(page.match(/<figcaption>features<\/figcaption>/g)).toHaveLength(8);
  expect(page).not.toContain('<figcaption>prediction');
  expect(page).toContain('what guessing reaches');
});

it('pictures without classes are learned from, too, and the run says that nothing was measured', async () => {
  const out = join(folder, 'unmeasured');
  const { status, stderr, stdout } = await pretrain(out, join(folder, 'unlabelled', 'train.tar'));
  expect(status, stderr).toBe(0);
  expect(stderr).toContain('warning: nothing can be measured on');
  expect(stderr).toContain('the run ends without an evaluation');
  expect(stdout).toContain('completed');
  expect(readJson(out, 'summary.json')).toMatchObject({ status: 'completed', eval: {} });
});

it('recipes with texts still refuse them', async () => {
  const { status, stderr } = await vitrail(
    'pretrain',
    '--recipe',
    'clip',
    '--data',
    labelled,
    '--out',
    join(folder, 'clip'),
    '--batch-size',
    '4',
    '--backend',
    'wasm',
  );
  expect(status).toBe(1);
  expect(stderr).toContain('the first samples have no caption to learn from');
});

describe('of such a run', () => {
  it('evaluate measures k-NN, and says what takes texts', async () => {
    const { status, stdout, stderr } = await vitrail(
      'evaluate',
      '--model',
      run,
      '--data',
      labelled,
      '--samples',
      '8',
      '--backend',
      'wasm',
      '--json',
    );
    expect(status, stderr).toBe(0);
    // Of 8 pictures those at even places, of classes 0, 2, 1, 0, are the gallery of the others, 1, 0, 2, 1: 5 of 16 pairs are of one class.
    expect(JSON.parse(stdout)).toEqual({ samples: 8, knn: { top1: expect.any(Number), chance: { top1: 5 / 16 } } });
    const refused = await vitrail('evaluate', '--model', run, '--data', labelled, '--tasks', 'retrieval', '--backend', 'wasm');
    expect([refused.status, refused.stderr]).toEqual([
      2,
      expect.stringContaining('retrieval needs a text tower and its tokenizer, and this model has none'),
    ]);
  });

  it('embed writes features of pictures; texts, segment and export are refused in a sentence', async () => {
    const image = join(folder, 'one.jpg');
    writeFileSync(image, await picture(1));
    const out = join(folder, 'features.safetensors');
    const embedded = await vitrail('embed', '--model', run, '--images', image, '--out', out, '--backend', 'wasm', '--json');
    expect(JSON.parse(embedded.stdout).tensors).toEqual({ 'image.cls': [1, 1, 16], 'image.patches': [1, 2, 2, 16] });
    const said = async (...argv: readonly string[]) => (await vitrail(...argv, '--model', run)).stderr;
    expect(await said('embed', '--texts', 'a cat', '--out', out, '--backend', 'wasm')).toContain(
      'this model has no text tower: it encodes pictures alone',
    );
    expect(
      await said('segment', '--image', image, '--labels', 'cat,dog', '--out', join(folder, 'x.png'), '--backend', 'wasm'),
    ).toContain('this model has no text tower');
    expect(await said('export', '--format', 'vitrail', '--out', join(folder, 'exported'))).toContain(
      'models with both towers of TIPS can be exported',
    );
    const { status } = await vitrail('report', '--run', run);
    expect(status).toBe(0);
  });
});
