import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { scratchFolder } from './scratch.ts';
import { tinyPretrain } from './tiny.ts';
import { vitrail } from './vitrail.ts';

const folder = scratchFolder();
const out = join(folder, 'run');

/** A wrong command line leaves nothing behind: the mended one must be able to use the same directory. */
afterEach(() => expect(existsSync(out)).toBe(false));

function configFile(content: string): string {
  const path = join(folder, 'config.json');
  writeFileSync(path, content);
  return path;
}

describe('a name that does not exist is answered with the nearest one, and status 2', () => {
  it.each<[what: string, argv: string[], answer: string]>([
    ['command', ['pretrian'], 'did you mean pretrain?'],
    ['option', ['pretrain', '--recipe', 'clip', '--stps', '4'], 'did you mean --steps?'],
    ['recipe', ['pretrain', '--recipe', 'tispv2'], 'did you mean "tipsv2"?'],
    ['preset', ['pretrain', '--recipe', 'tipsv2:tini'], 'did you mean "tiny"?'],
    ['path of --set', ['pretrain', '--recipe', 'clip', '--set', 'trian.steps=3'], 'did you mean "train.steps"?'],
    ['last name of --set', ['pretrain', '--recipe', 'clip', '--set', 'batchSize=3'], 'did you mean "train.batchSize"?'],
    ['choice of --set', ['pretrain', '--recipe', 'tips', '--set', 'loss.patch=ibto'], 'did you mean "ibot"?'],
    ['backend', ['pretrain', '--recipe', 'clip', '--backend', 'wams'], 'did you mean "wasm"?'],
    ['precision', ['pretrain', '--recipe', 'clip', '--precision', 'fp16'], 'did you mean "f16"?'],
    ['data source', ['pretrain', '--recipe', 'clip', '--data', 'scene'], 'did you mean scenes?'],
    ['option of scenes', ['pretrain', '--recipe', 'clip', '--data', 'scenes?siez=16'], 'did you mean "size"?'],
    ['option of mosaics', ['pretrain', '--recipe', 'clip', '--data', 'mosaic:a.tar?gird=2'], 'did you mean "grid"?'],
    ['task', ['evaluate', '--model', 'x', '--data', 'scenes', '--tasks', 'retrieval,kn'], 'did you mean "knn"?'],
    ['format', ['export', '--model', 'x', '--out', 'y', '--format', 'vitral'], 'did you mean "vitrail"?'],
  ])('%s', async (_, argv, answer) => {
    const { status, stdout, stderr } = await vitrail(...argv, ...(argv[0] === 'pretrain' ? ['--out', out] : []));
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.toLowerCase()).toContain(answer.toLowerCase());
    expect(lastLine(stderr)).toMatch(/^vitrail: /);
  });

  it('key of --config', async () => {
    const argv = tinyPretrain(out).filter((_, i) => i < 7);
    const { status, stderr } = await vitrail(...argv, '--config', configFile('{"train":{"setps":3}}'));
    expect(status).toBe(2);
    expect(stderr).toContain('there is no "train.setps"; did you mean "train.steps"?');
  });
});

describe('a value that cannot be is refused before anything is touched, with status 2', () => {
  it.each<[what: string, settings: string[], answer: string]>([
    [
      'a picture that patches do not fill',
      ['views.globalSize=20'],
      'views.globalSize must be a multiple of image.patchSize (8), but it is 20; 16 or 24 would do',
    ],
    ['heads that do not divide the width', ['image.heads=3'], 'image.heads must divide image.width'],
    ['text for a number', ['train.steps=many'], '--set: train.steps is a number'],
    ['no assignment', ['train.steps'], '--set takes path=value'],
    ['no steps', ['train.steps=0'], 'train.steps is a whole number of at least 1, but 0 came'],
    [
      'an evaluation of one picture',
      ['train.evaluateSamples=1'],
      'train.evaluateSamples is a whole number of at least 2, but 1 came',
    ],
  ])('%s', async (_, set, answer) => {
    const argv = tinyPretrain(out, { set }).filter((argument) => !['--steps', '3'].includes(argument));
    const { status, stdout, stderr } = await vitrail(...argv);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^vitrail: [^\n]*\n$/);
    expect(stderr).toContain(answer);
  });

  it.each<[what: string, argv: string[], answer: string]>([
    ['no recipe', ['pretrain'], "required option '--recipe <name>' not specified"],
    [
      'float16 where there is no GPU',
      ['pretrain', '--recipe', 'clip', '--backend', 'wasm', '--precision', 'f16'],
      '--precision f16 goes with the backend webgpu, but --backend wasm: leave it out, or use --backend webgpu',
    ],
    [
      'unsafe features of another backend',
      ['pretrain', '--recipe', 'clip', '--backend', 'cpu', '--unsafe-webgpu'],
      '--unsafe-webgpu goes with the backend webgpu',
    ],
    [
      'vectors of another backend',
      ['pretrain', '--recipe', 'clip', '--backend', 'cpu', '--vectors', '128'],
      '--vectors goes with the backend wasm',
    ],
    [
      'vectors that there are not',
      ['pretrain', '--recipe', 'clip', '--backend', 'wasm', '--vectors', '512'],
      'vectors have 128 or 256 bits, but 512 came',
    ],
    ['--steps that is no number', ['pretrain', '--recipe', 'clip', '--steps', '1.5'], 'a whole number of at least 0 is needed'],
    [
      'a section that is set',
      ['pretrain', '--recipe', 'clip', '--set', 'train=3'],
      '--set: train is a section; set one of train.steps',
    ],
    ['--resume without a directory', ['pretrain', '--recipe', 'clip', '--resume'], 'name its directory with --out'],
    [
      '--config that is not there',
      ['pretrain', '--recipe', 'clip', '--config', 'none.json'],
      '--config: none.json cannot be read',
    ],
    ['a word too many', ['recipes', 'all'], "too many arguments for 'recipes'"],
    [
      'one picture to measure on',
      ['evaluate', '--model', 'x', '--data', 'scenes', '--samples', '1'],
      '--samples is a whole number of at least 2',
    ],
    ['nothing to embed', ['embed', '--model', 'x', '--out', 'y'], 'give --images, --texts or both'],
    [
      'one label',
      ['segment', '--model', 'x', '--image', 'i', '--labels', 'cat', '--out', 'o'],
      '--labels takes at least two words',
    ],
  ])('%s', async (_, argv, answer) => {
    const { status, stdout, stderr } = await vitrail(...argv);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^vitrail: [^\n]*\n$/);
    expect(stderr).toContain(answer);
  });

  it('--config that is no JSON object', async () => {
    for (const content of ['{', '[]', 'null']) {
      const { status, stderr } = await vitrail('pretrain', '--recipe', 'clip', '--config', configFile(content));
      expect(status).toBe(2);
      expect(stderr).toContain('must hold one JSON object');
    }
  });
});

describe('what is not there fails with status 1 and a reason of one line', () => {
  beforeAll(() => vi.stubEnv('XDG_DATA_HOME', join(folder, 'data'))); // Where no TensorFlow was set up.
  afterAll(() => vi.unstubAllEnvs());

  it.each<[what: string, argv: string[], answer: RegExp]>([
    [
      'a backend',
      ['pretrain', '--recipe', 'clip', '--backend', 'tensorflow'],
      /^vitrail: the backend tensorflow is not there: .*What to do: /,
    ],
    ['a model', ['evaluate', '--model', 'none', '--data', 'scenes'], /^vitrail: --model: there is no none$/],
    [
      'one of the files of a model',
      ['evaluate', '--model', 'vision.npz,text.npz', '--data', 'scenes'],
      /^vitrail: --model: there is no vision.npz$/,
    ],
    ['a run', ['report', '--run', 'none'], /^vitrail: none is not a run directory/],
    ['pictures', ['embed', '--model', 'x', '--images', 'none', '--out', 'y'], /^vitrail: --images: there is no none$/],
    [
      'a picture',
      ['segment', '--model', 'x', '--image', 'none', '--labels', 'a,b', '--out', 'o'],
      /^vitrail: --image: none cannot be read/,
    ],
  ])('%s', async (_, argv, answer) => {
    const { status, stdout, stderr } = await vitrail(...argv);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(lastLine(stderr)).toMatch(answer);
  });

  it('and a stack, with its causes, when --verbose is given', async () => {
    const { stderr } = await vitrail('segment', '--model', 'x', '--image', 'none', '--labels', 'a,b', '--out', 'o', '--verbose');
    expect(stderr).toMatch(/\n {4}at /);
    expect(stderr).toContain('[cause]: Error: ENOENT');
  });
});

describe('help and lists', () => {
  it.each(['--help', 'help', 'pretrain --help'])('%s is a result: stdout, status 0', async (line) => {
    const { status, stdout, stderr } = await vitrail(...line.split(' '));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: vitrail/);
  });

  it('no command is wrong usage', async () => {
    const { status, stdout, stderr } = await vitrail();
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: vitrail/);
  });

  it('--version', async () => {
    expect((await vitrail('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('recipes names every recipe and preset, and as JSON every setting', async () => {
    const { stdout } = await vitrail('recipes');
    for (const name of ['tipsv2:tiny', 'tips:tiny', 'clip:tiny', 'arXiv 2604.12012']) expect(stdout).toContain(name);
    const { recipes } = JSON.parse((await vitrail('recipes', '--json')).stdout);
    expect(recipes[0].presets.tiny.config.train.steps).toBeGreaterThan(0);
  });

  it('doctor tells of every backend, and how to get those that are missing', async () => {
    const { backends, node } = JSON.parse((await vitrail('doctor', '--json')).stdout);
    expect(node).toBe(process.versions.node);
    expect(Object.keys(backends)).toEqual(['webgpu', 'tensorflow', 'wasm', 'cpu']);
    for (const { available, reason, howToGet } of Object.values<Record<string, unknown>>(backends)) {
      expect(reason).toEqual(expect.any(String));
      if (!available) expect(howToGet).toEqual(expect.any(String));
    }
    expect((await vitrail('doctor')).stdout).toMatch(/^backends\.wasm\.available +true$/m);
  });
});

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
