import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors } from '@vitrail/checkpoints';
import { decodeImage } from '@vitrail/data/node';
import { expectClose } from '@vitrail/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { readJson, readLatest } from './run-files.ts';
import { scratchFolder } from './scratch.ts';
import { captionedMembers, classNames, picture, writeShard } from './shards.ts';
import { tinyPretrain } from './tiny.ts';
import { vitrail } from './vitrail.ts';

const folder = scratchFolder();
const shards = join(folder, 'shards');
/** Trained on mosaics of labelled tiles. */
const run = join(folder, 'run');

/** Every number that the result of an evaluation promises, by path. */
const promised = {
  'linear-probe': ['patchLinearProbe.mIoU', 'patchLinearProbe.pixelAccuracy'],
  'zero-shot-segmentation': [
    'zeroShotSegmentation.mIoU',
    'zeroShotSegmentation.pixelAccuracy',
    'zeroShotSegmentation.chance.mIoU',
  ],
  'zero-shot-classification': ['zeroShotClassification.top1'],
  knn: ['knn.top1'],
  retrieval: ['imageToText', 'textToImage'].flatMap((way) => [1, 5].map((k) => `retrieval.${way}.R@${k}`)),
};

beforeAll(async () => {
  await writeShard(shards, 'train-0.tar', await captionedMembers(40));
  await writeShard(shards, 'train-1.tar', await captionedMembers(40, { start: 40 }));
  await writeShard(join(folder, 'test'), 'test.tar', await captionedMembers(12, { start: 80 }));
  writeFileSync(join(folder, 'test', 'classes.json'), JSON.stringify(classNames));
  const data = `mosaic:${join(shards, 'train-{0..1}.tar')}?grid=2&tileSize=8`;
  const { status, stderr } = await vitrail(...tinyPretrain(run, { data, steps: 4 }), '--backend', 'wasm');
  expect(status, stderr).toBe(0);
});

function numberAt(result: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], result);
}

function expectPromised(result: unknown, tasks: readonly (keyof typeof promised)[]): void {
  for (const path of tasks.flatMap((task) => promised[task])) {
    const value = numberAt(result, path);
    expect(value, path).toEqual(expect.any(Number));
    expect(value, path).toBeGreaterThanOrEqual(0);
    expect(value, path).toBeLessThanOrEqual(1);
  }
}

const everyTask = Object.keys(promised) as (keyof typeof promised)[];

describe('evaluate', () => {
  const evaluate = (...argv: string[]) => vitrail('evaluate', '--model', run, '--backend', 'wasm', ...argv);
  const mosaics = `mosaic:${join(folder, 'test', 'test.tar')}?tileSize=8`;

  it('a run on mosaics ends with every measure in its summary', () => {
    expectPromised(readJson(run, 'summary.json').eval, everyTask);
  });

  it('measures everything on mosaics, from a file or stdout alike', async () => {
    const file = join(folder, 'new', 'folder', 'result.json');
    const { status, stdout, stderr } = await evaluate('--data', mosaics, '--out', file, '--json');
    expect(status, stderr).toBe(0);
    const result = JSON.parse(stdout);
    expectPromised(result, everyTask);
    expect(result.samples).toBe(12);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(result);
  });

  it.each(everyTask)('measures %s alone when asked to', async (task) => {
    const { stdout } = await evaluate('--data', mosaics, '--tasks', task, '--samples', '6', '--json');
    const result = JSON.parse(stdout);
    expectPromised(result, [task]);
    expect(Object.keys(result)).toEqual(['samples', promised[task][0].split('.')[0]]);
    expect(result.samples).toBe(6);
  });

  it('leaves out what plain shards have no labels for, and says what is missing when it is asked for', async () => {
    const data = join(folder, 'test', 'test.tar');
    const { stdout } = await evaluate('--data', data, '--json');
    const result = JSON.parse(stdout);
    expectPromised(result, ['zero-shot-classification', 'knn', 'retrieval']);
    expect(result.zeroShotSegmentation).toBeUndefined();
    const asked = await evaluate('--data', data, '--tasks', 'linear-probe');
    expect(asked.status).toBe(1);
    expect(asked.stderr).toContain('vitrail: linear-probe needs label maps, but there are none in');
  });

  it('gives the same numbers on stdout as text', async () => {
    const { stdout } = await evaluate('--data', mosaics, '--tasks', 'knn', '--samples', '2');
    expect(stdout).toMatch(/^samples +2\nknn\.top1 +[01]\nknn\.chance\.top1 +[01]\n$/);
  });

  it('agrees with the last evaluation of the run', async () => {
    const scenes = join(folder, 'scenes');
    const set = ['data.train=scenes?count=64&size=16', 'data.evaluate=scenes?split=test&count=8&size=16'];
    expect((await vitrail(...tinyPretrain(scenes, { steps: 2, set }), '--backend', 'wasm')).status).toBe(0);
    const data = 'scenes?split=test&count=8&size=16';
    const { stdout } = await vitrail('evaluate', '--model', scenes, '--data', data, '--backend', 'wasm', '--json');
    expect(JSON.parse(stdout)).toEqual(readJson(scenes, 'summary.json').eval);
  });
});

describe('embed', () => {
  it('writes features unnormalised, in input order, with the names in the metadata', async () => {
    const pictures = join(folder, 'pictures');
    mkdirSync(pictures);
    for (const [i, name] of ['b.jpg', 'a.jpg', 'c.JPEG'].entries()) writeFileSync(join(pictures, name), await picture(i));
    writeFileSync(join(pictures, 'notes.txt'), 'no picture');
    const out = join(folder, 'features.safetensors');
    const argv = ['embed', '--model', run, '--backend', 'wasm', '--out', out];
    const single = join(pictures, 'c.JPEG');
    const { status, stdout, stderr } = await vitrail(
      ...argv,
      '--images',
      single,
      pictures,
      '--texts',
      'a cat',
      'a dog',
      '--json',
    );
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      file: out,
      tensors: { 'image.cls': [4, 2, 16], 'image.patches': [4, 2, 2, 16], text: [2, 16] },
    });

    const { tensors, metadata } = decodeSafetensors(readFileSync(out));
    expect(JSON.parse(metadata.images)).toEqual([single, ...['a.jpg', 'b.jpg', 'c.JPEG'].map((name) => join(pictures, name))]);
    expect(JSON.parse(metadata.texts)).toEqual(['a cat', 'a dog']);
    const cls = tensors['image.cls'].values as Float32Array;
    // The same picture first and last; others between.
    expect(cls.slice(0, 32)).toEqual(cls.slice(96));
    expect(cls.slice(0, 32)).not.toEqual(cls.slice(32, 64));
    expect(Math.abs(Math.hypot(...cls.slice(0, 16)) - 1)).toBeGreaterThan(0.01);

    await vitrail(...argv, '--texts', 'a dog');
    const alone = decodeSafetensors(readFileSync(out)).tensors;
    expect(Object.keys(alone)).toEqual(['text']);
    const together = tensors.text.values as Float32Array;
    expectClose(alone.text.values as Float32Array, together.slice(16), 1e-4);
  });

  it('names the picture that cannot be read', async () => {
    const path = join(folder, 'broken.jpg');
    writeFileSync(path, 'x');
    const { status, stderr } = await vitrail('embed', '--model', run, '--images', path, '--out', join(folder, 'none'));
    expect(status).toBe(1);
    expect(stderr).toMatch(/^vitrail: .*broken\.jpg: not a picture/m);
  });
});

it('segment writes a PNG of the size of the picture, and the shares of the labels', async () => {
  const image = join(folder, 'cat.jpg');
  writeFileSync(image, await picture(0, 24));
  const out = join(folder, 'segments.png');
  const argv = ['segment', '--model', run, '--image', image, '--labels', 'cat, dog,ship', '--out', out, '--backend', 'wasm'];
  const { status, stdout, stderr } = await vitrail(...argv, '--json');
  expect(status, stderr).toBe(0);
  const { labels } = JSON.parse(stdout) as { labels: { label: string; share: number }[] };
  expect(labels.map(({ label }) => label)).toEqual(['cat', 'dog', 'ship']);
  expect(labels.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
  expect(await decodeImage(readFileSync(out), out)).toMatchObject({ width: 24, height: 24 });
  expect((await vitrail(...argv)).stdout).toMatch(/^cat +[\d.]+ % {2}rgb\(\d+, \d+, \d+\)\ndog /);
});

it('export writes the towers of the newest checkpoint, which are a model of their own', async () => {
  const out = join(folder, 'exported');
  const { status, stdout } = await vitrail('export', '--model', run, '--format', 'vitrail', '--out', out, '--json');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ folder: out, files: ['model.safetensors'], notes: [] });
  const { tensors } = decodeSafetensors(readFileSync(join(out, 'model.safetensors')));
  const trained = Object.entries(decodeSafetensors(readLatest(run, 'model.safetensors')).tensors);
  expect(tensors).toEqual(Object.fromEntries(trained.filter(([name]) => !name.startsWith('heads.'))));
  const data = `mosaic:${join(folder, 'test', 'test.tar')}`;
  for (const model of [out, join(out, 'model.safetensors'), join(run, 'checkpoints', 'step-000004')]) {
    expect((await vitrail('evaluate', '--model', model, '--data', data, '--tasks', 'knn', '--backend', 'wasm')).status).toBe(0);
  }
});

it('a model embeds pictures from transformers as it does from its run', async () => {
  const out = join(folder, 'hf');
  const exported = await vitrail('export', '--model', run, '--format', 'hf', '--out', out);
  expect(exported.status, exported.stderr).toBe(0);
  expect(exported.stderr).toContain('note: transformers has no tokenizer of the kind "word"');
  const image = join(folder, 'picture.jpg');
  writeFileSync(image, await picture(1, 16)); // Of the model's size: transformers resizes to 8 bits, TIPS' code and this one to floats.
  const embed = async (model: string) => {
    const file = join(folder, 'embedded.safetensors');
    const { status, stderr } = await vitrail('embed', '--model', model, '--images', image, '--out', file, '--backend', 'wasm');
    expect(status, stderr).toBe(0);
    return decodeSafetensors(readFileSync(file)).tensors;
  };
  const [here, there] = [await embed(run), await embed(out)];
  for (const name of ['image.cls', 'image.patches']) {
    expect(there[name].shape).toEqual(here[name].shape);
    expectClose(there[name].values as Float32Array, here[name].values as Float32Array, 1e-6);
  }
  const texts = await vitrail('embed', '--model', out, '--texts', 'a cat', '--out', join(folder, 'x'), '--backend', 'wasm');
  expect(texts.status).toBe(1);
  expect(texts.stderr).toContain('texts need the tokenizer of the model: name its tokenizer.json');
});

it('a model file of another maker, or a damaged one, is named with what is wrong', async () => {
  const file = join(folder, 'model.safetensors');
  writeFileSync(file, readFileSync(join(folder, 'exported', 'model.safetensors')).subarray(0, 1000));
  const damaged = await vitrail('export', '--model', file, '--out', join(folder, 'x'));
  expect(damaged.status).toBe(1);
  expect(damaged.stderr).toMatch(/^vitrail: .*model\.safetensors/);
  const name = 'bert.encoder.layer.0.attention.self.query.weight';
  writeFileSync(file, encodeSafetensors({ [name]: { dtype: 'F32', shape: [1], values: Float32Array.of(1) } }));
  const foreign = await vitrail('export', '--model', file, '--out', join(folder, 'x'));
  expect(foreign.status).toBe(1);
  expect(foreign.stderr).toContain('its weights look like a BERT-like text encoder');
});

it('report writes the page of a run again', async () => {
  rmSync(join(run, 'report.html'));
  const { status, stdout } = await vitrail('report', '--run', run, '--json');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ report: join(run, 'report.html') });
  expect(readFileSync(join(run, 'report.html'), 'utf8')).toContain('Completed 4 steps');
});
