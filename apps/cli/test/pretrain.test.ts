import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { settleConfiguration } from '../src/run-configuration.ts';
import { readJson, readLatest, readMetrics } from './run-files.ts';
import { scratchFolder } from './scratch.ts';
import { tinyPretrain } from './tiny.ts';
import { vitrail } from './vitrail.ts';

const folder = scratchFolder();
const run = (name: string) => join(folder, name);

it('a run leaves every file and key that other programs rely on, and prints one JSON object', async () => {
  const out = run('keys');
  const { status, stdout, stderr } = await vitrail(
    ...tinyPretrain(out, { steps: 4 }),
    '--seed',
    '7',
    '--backend',
    'wasm',
    '--json',
  );
  expect(status, stderr).toBe(0);

  expect(readdirSync(out).filter((name) => !name.startsWith('events.out.tfevents.'))).toEqual([
    'checkpoints',
    'config.json',
    'metrics.jsonl',
    'pictures.json',
    'report.html',
    'summary.json',
  ]);
  expect(readdirSync(join(out, 'checkpoints'))).toEqual(['latest', 'step-000002', 'step-000004']);
  expect(readdirSync(join(out, 'checkpoints', 'step-000004'))).toEqual(
    expect.arrayContaining(['model.safetensors', 'optimizer.safetensors', 'state.json']),
  );
  expect(readdirSync(out).filter((name) => name.startsWith('events.out.tfevents.')).length).toBe(1);

  expect(readJson(out, 'config.json')).toMatchObject({
    recipe: 'tipsv2',
    preset: 'tiny',
    data: { train: 'scenes?count=64&size=16', evaluate: '' },
    samples: { train: 32, evaluation: 32 },
    backend: 'wasm',
    precision: 'f32',
    versions: { vitrail: expect.any(String), node: process.versions.node, tfjs: expect.stringMatching(/^4\./) },
    train: { steps: 4, batchSize: 4, seed: 7 },
  });

  const summary = readJson(out, 'summary.json');
  expect(summary).toMatchObject({
    status: 'completed',
    steps: 4,
    backend: 'wasm',
    skippedSteps: 0,
    badSamples: 0,
    parameters: { image: expect.any(Number), text: expect.any(Number), training: expect.any(Number) },
  });
  expect(summary.seconds).toBeGreaterThan(0);
  expect(summary.imagesPerSecond).toBeGreaterThan(0);
  expect(JSON.parse(stdout)).toEqual({ ...summary, run: out, report: join(out, 'report.html') });

  const rows = readFileSync(join(out, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(rows.map(({ step, split }) => `${step} ${split}`)).toEqual([
    '1 train',
    '2 train',
    '3 train',
    '3 eval',
    '4 train',
    '4 eval',
  ]);
  for (const row of rows.filter(({ split }) => split === 'train')) {
    for (const name of ['loss', 'loss/contrastive', 'lr', 'imagesPerSecond', 'gradientNorm', 'temperature'])
      expect(row[name], name).toEqual(expect.any(Number));
  }
  expect(rows.at(-1)['retrieval.imageToText.R@1']).toEqual(expect.any(Number));

  expect(stderr).toMatch(/^backend: wasm \(/m);
  expect(stderr).toMatch(/^data: 64 scenes of 16 x 16 pixels/m);
  expect(stderr).toMatch(/^step 1\/4 {2}loss [\d.]+ {2}[\d.]+ images\/s {2}\d+s left$/m);
  expect(stderr).toMatch(/^step 4\/4 /m);
  const report = readFileSync(join(out, 'report.html'), 'utf8');
  expect(report).toContain('Completed 4 steps');
  expect(report).not.toMatch(/(src|href)="https?:/);
});

it('the same seed gives the same numbers and the same bytes, another seed others', async () => {
  for (const [name, seed] of Object.entries({ one: '3', two: '3', other: '4' })) {
    expect((await vitrail(...tinyPretrain(run(name)), '--seed', seed, '--backend', 'wasm')).status).toBe(0);
  }
  expect(readMetrics(run('two'))).toEqual(readMetrics(run('one')));
  expect(readLatest(run('two'), 'model.safetensors').equals(readLatest(run('one'), 'model.safetensors'))).toBe(true);
  expect(readMetrics(run('other'))[0].loss).not.toBe(readMetrics(run('one'))[0].loss);
});

it('wasm and cpu agree on the losses of five steps to 1e-4', async () => {
  for (const backend of ['wasm', 'cpu']) {
    const argv = tinyPretrain(run(`on-${backend}`), { steps: 5, set: ['train.evaluateEvery=100'] });
    expect((await vitrail(...argv, '--backend', backend)).status).toBe(0);
  }
  const losses = (backend: string) =>
    readMetrics(run(`on-${backend}`))
      .filter(({ split }) => split === 'train')
      .map(({ loss }) => Number(loss));
  const [wasm, cpu] = [losses('wasm'), losses('cpu')];
  expect(wasm.length).toBe(5);
  wasm.forEach((loss, step) => {
    expect(Math.abs(loss - cpu[step]) / Math.abs(cpu[step]), `step ${step + 1}: ${loss} and ${cpu[step]}`).toBeLessThan(1e-4);
  });
});

it('every recipe runs', async () => {
  for (const recipe of ['tips', 'clip']) {
    const argv = tinyPretrain(run(recipe)).map((argument) => (argument === 'tipsv2' ? recipe : argument));
    const fitting = recipe === 'clip' ? argv.filter((argument) => !argument.startsWith('heads.')) : argv;
    const { status, stderr } = await vitrail(...fitting, '--backend', 'wasm');
    expect(status, stderr).toBe(0);
    expect(readJson(run(recipe), 'config.json').recipe).toBe(recipe);
  }
});

it('settings come from the file, then --data, then --set, then the short options; other data is never measured on that of the preset', async () => {
  const config = join(folder, 'settings.json');
  writeFileSync(config, '{"train":{"steps":11,"seed":11,"batchSize":11},"data":{"train":"mine.tar"}}');
  const settle = (options: object) => settleConfiguration({ recipe: 'clip', ...options });

  const { train, data } = await settle({ config, set: ['train.seed=12', 'train.batchSize=12'], batchSize: 13 });
  expect({ train, data }).toMatchObject({
    train: { steps: 11, seed: 12, batchSize: 13 },
    data: { train: 'mine.tar', evaluate: '' },
  });
  expect((await settle({ config, data: 'scenes' })).data.evaluate).toMatch(/^scenes\?split=test/);
  expect((await settle({ data: 'a.tar' })).data).toEqual({ train: 'a.tar', evaluate: '' });
  expect((await settle({ data: 'a.tar', set: ['data.evaluate=b.tar'] })).data).toEqual({ train: 'a.tar', evaluate: 'b.tar' });
});

it('a run stops with a reason after ten steps whose numbers are not finite, counted in its summary', async () => {
  const out = run('nan');
  const set = ['optimizer.learningRate=100', 'optimizer.warmupSteps=0', 'optimizer.maximumNorm=1e30', 'train.evaluateEvery=100'];
  const argv = tinyPretrain(out, { steps: 60, set: [...set, 'optimizer.name=adamw'] });
  const { status, stdout, stderr } = await vitrail(...argv, '--backend', 'wasm');
  expect({ status, stdout }, stderr).toEqual({ status: 1, stdout: '' });
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
    /^vitrail: training stopped at step \d+: the last 10 updates in a row .*Not finite: /,
  );
  const skipped = stderr.match(/^step \d+ left out: /gm) ?? [];
  expect(skipped.length).toBeGreaterThanOrEqual(10);
  expect(readJson(out, 'summary.json').skippedSteps).toBe(skipped.length);
  expect(readJson(out, 'summary.json')).toMatchObject({ status: 'failed', reason: expect.stringContaining('training stopped') });
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('Failed after');
});
