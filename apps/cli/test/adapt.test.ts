import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scalar } from '@tensorflow/tfjs-core';
import { startBackend } from '@vitrail/backend';
import { decodeSafetensors, encodeSafetensors } from '@vitrail/checkpoints';
import { createRng, disposeTree } from '@vitrail/core';
import { clip, exportModel, saveParameters } from '@vitrail/pretrained';
import { initText, trainBytePairs, wordTokenizer } from '@vitrail/text';
import { initVit } from '@vitrail/vit';
import { beforeAll, describe, expect, it } from 'vitest';
import { readJson, readLatest, readMetrics } from './run-files.ts';
import { scratchFolder } from './scratch.ts';
import { captionedMembers, classNames, writeShard } from './shards.ts';
import { vitrail } from './vitrail.ts';
import { vitrailProcess } from './vitrail-process.ts';

/** A small CLIP whose configuration is taken. */
const clipFixture = fileURLToPath(new URL('../../../packages/pretrained/test/fixtures/clip', import.meta.url));
const folder = scratchFolder();
const path = (name: string) => join(folder, name);
const [model, wide] = ['model', 'wide'].map(path);
const data = `mosaic:${path('train')}/a.tar?grid=1`;
const evaluate = `mosaic:${path('test')}/b.tar?grid=1`;
const width = 16;

/** Writes an untrained model of Vitrail, of pictures of 16 pixels. */
async function writeModel(out: string, width: number): Promise<void> {
  const heads = 2;
  const vit = {
    ...{ imageSize: 16, patchSize: 8, width, depth: 1, heads, clsTokens: 2, positionGrid: 2, maskToken: false },
    mlp: { kind: 'gelu-tanh', hidden: 32 } as const,
  };
  const text = { width, depth: 1, heads, mlpHidden: 32, maxTokens: 12, vocabularySize: 280 };
  const tokenizer = wordTokenizer({ words: ['a', 'picture', 'of', ...classNames], maxTokens: 12 });
  const params = {
    image: initVit(vit, createRng(0)),
    text: initText(text, createRng(1)),
    logitScale: scalar(Math.log(1 / 0.07)),
  };
  for (const format of ['vitrail', 'tips-scenic-npz'] as const) {
    const { files } = await exportModel({ vit, text, params, tokenizer }, format);
    mkdirSync(out, { recursive: true });
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(out, name), bytes);
  }
  disposeTree(params);
}

beforeAll(async () => {
  await startBackend('cpu');
  await writeModel(path('model-files'), width);
  await writeModel(path('wide-files'), 24);
  for (const name of ['model', 'wide']) {
    mkdirSync(path(name));
    cpSync(join(path(`${name}-files`), 'model.safetensors'), join(path(name), 'model.safetensors'));
  }
  await writeShard(path('train'), 'a.tar', await captionedMembers(40));
  await writeShard(path('test'), 'b.tar', await captionedMembers(30, { start: 100 }));
  for (const split of ['train', 'test']) writeFileSync(join(path(split), 'classes.json'), JSON.stringify(classNames));
  const { status, stderr } = await adapt('short', '--method', 'adalink', '--rank', '3', '--steps', '2');
  expect(status, stderr).toBe(0);
});

const base = ['--checkpoint', model, '--data', data, '--shots', '4', '--backend', 'wasm'];
const adapt = (out: string, ...argv: string[]) => vitrail('adapt', ...base, '--evaluate', evaluate, '--out', path(out), ...argv);

type Summary = {
  parameters: { trained: number };
  eval: { pictures: number; zeroShot: { top1: number }; adapted: { top1: number } };
};

/** The tensors of a file and what it says of itself. */
function readTensors(file: string) {
  const { tensors, metadata } = decodeSafetensors(readFileSync(file));
  return {
    values: Object.fromEntries(Object.entries(tensors).map(([name, { values }]) => [name, [...values]])),
    tensors,
    metadata,
  };
}

/** The accuracy that `vitrail evaluate` finds. */
async function zeroShotOf(model: string): Promise<number> {
  const argv = ['--model', model, '--data', evaluate, '--tasks', 'zero-shot-classification', '--backend', 'wasm', '--json'];
  const { status, stdout, stderr } = await vitrail('evaluate', ...argv);
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout).zeroShotClassification.top1;
}

describe('a few pictures', () => {
  const methods: [name: string, argv: string[], parameters: number][] = [
    ['adalink', ['--rank', '3'], 2 * width * 3],
    ['adalink-text', ['--method', 'adalink', '--towers', 'text', '--activation', 'gelu', '--rank', '2'], 2 * width * 2],
    ['lora', ['--towers', 'both', '--rank', '1'], 2 * 2 * (width + width)],
    ['prompt', ['--rank', '2'], 2 * width],
    ['finetune', ['--learning-rate', '3e-3'], 0],
    ['linear-probe', [], classNames.length * (width + 1)],
  ];

  it.each(methods)('are learned by %s, beside the model as evaluate measures it', async (name, argv, parameters) => {
    const method = argv.includes('--method') ? [] : ['--method', name];
    const { status, stdout, stderr } = await adapt(
      name,
      ...method,
      '--steps',
      '24',
      '--learning-rate',
      '1e-2',
      '--json',
      ...argv,
    );
    expect(status, stderr).toBe(0);
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({ ...readJson(path(name), 'summary.json'), run: path(name), status: 'completed', steps: 24 });
    const { parameters: counted, eval: result } = summary as Summary;
    if (parameters > 0) expect(counted.trained).toBe(parameters);
    expect(result.pictures).toBe(30);
    expect(result.zeroShot.top1).toBeCloseTo(await zeroShotOf(model), 6);
    const losses = readMetrics(path(name)).flatMap(({ split, loss }) => (split === 'train' ? [loss as number] : []));
    const mean = (some: number[]) => some.reduce((sum, loss) => sum + loss, 0) / some.length;
    expect(mean(losses.slice(-5))).toBeLessThan(0.9 * mean(losses.slice(0, 5)));
    const stored = Object.values(readTensors(join(path(name), 'adapter.safetensors')).values).flat().length;
    expect(stored).toBe(counted.trained);
  });

  it('leave an adapter that says where it belongs, and measures the same on the model again', async () => {
    const file = join(path('short'), 'adapter.safetensors');
    const { tensors, metadata } = readTensors(file);
    expect(Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]))).toEqual({
      'adalink.image.down': [width, 3],
      'adalink.image.up': [3, width],
    });
    expect(JSON.parse(metadata['vitrail.adapter'])).toMatchObject({
      ...{ method: 'adalink', towers: ['image'], rank: 3, place: 'after', activation: 'none' },
      ...{ widths: { image: width }, classNames: [...classNames], modelSha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    const again = await adapt('again', '--adapter', file, '--steps', '0', '--json');
    expect(again.status, again.stderr).toBe(0);
    const trained = readJson(path('short'), 'summary.json');
    expect(JSON.parse(again.stdout).eval).toEqual(trained.eval);
    expect(readFileSync(join(path('again'), 'adapter.safetensors')).equals(readFileSync(file))).toBe(true);
  });

  it('print a table for people, and without --evaluate the rest is measured on', async () => {
    const argv = [...base, '--method', 'linear-probe', '--steps', '2', '--out', path('table')];
    const { status, stdout, stderr } = await vitrail('adapt', ...argv);
    expect(status, stderr).toBe(0);
    // 40 pictures, 3 * 4 of them shots.
    expect(stdout).toMatch(
      /^28 pictures +top1 +mean per class\nzero-shot +0\.\d{4} +0\.\d{4}\nlinear-probe, 51 parameters +[01]\.\d{4} .*\nchance +0\.3333\nrun +.*table\n$/,
    );
    expect(readJson(path('table'), 'config.json')).toMatchObject({ samples: { train: 12, evaluation: 28 }, shots: 4 });
  });

  it.each([
    ['adalink', ['--place', 'before', '--towers', 'both']],
    ['lora', []],
  ] as const)('merge with %s into a model that is as good and differs in nothing else', async (method, argv) => {
    const out = `merged-${method}`;
    const options = ['--method', method, ...argv, '--rank', '2', '--steps', '20', '--learning-rate', '1e-2'];
    const { status, stdout, stderr } = await adapt(out, ...options, '--merge', '--json');
    expect(status, stderr).toBe(0);
    expect(await zeroShotOf(join(path(out), 'merged'))).toBeCloseTo((JSON.parse(stdout) as Summary).eval.adapted.top1, 6);
    const [before, after] = [model, join(path(out), 'merged')].map((at) => readTensors(join(at, 'model.safetensors')).values);
    const changed = Object.keys(before).filter((name) => before[name].join() !== after[name].join());
    const expected =
      method === 'lora'
        ? ['image.blocks.0.attn.qkv.kernel']
        : ['image.patchEmbed.bias', 'image.patchEmbed.kernel', 'text.tokenEmbedding'];
    expect(changed.sort()).toEqual(expected);
  });
});

it('CLIP of transformers is adapted, too, and says when it cannot be written', async () => {
  const json = JSON.parse(readFileSync(join(clipFixture, 'config.json'), 'utf8'));
  const texts = classNames.flatMap((name) => [`a ${name}`, `a picture of a ${name}`, 'there is a picture with a']);
  const tokenizer = trainBytePairs(texts, { vocabularySize: 290 });
  const text_config = { ...json.text_config, vocab_size: 290, max_position_embeddings: 32, eos_token_id: 2 };
  const header = { config: { ...json, text_config }, tensors: {}, metadata: {} };
  const towers = clip.recognise(header);
  if (towers === undefined) throw new Error('not taken for CLIP');
  const params = clip.init(towers, createRng(0));
  const files = {
    'config.json': JSON.stringify(header.config),
    'tokenizer.json': JSON.stringify(tokenizer),
    'model.safetensors': encodeSafetensors(await saveParameters(params, clip.naming(towers))),
  };
  disposeTree(params);
  mkdirSync(path('clip'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path('clip'), name), content);
  const argv = ['--checkpoint', path('clip'), '--method', 'adalink', '--rank', '3', '--towers', 'both', '--steps', '12'];
  const { status, stdout, stderr } = await adapt('clip-adalink', ...argv, '--learning-rate', '1e-2', '--json');
  expect(status, stderr).toBe(0);
  const { parameters, eval: result } = JSON.parse(stdout) as Summary;
  expect(parameters.trained).toBe(2 * (24 + 16) * 3);
  expect(result.zeroShot.top1).toBeCloseTo(await zeroShotOf(path('clip')), 6);
  const merge = await adapt('clip-merge', ...argv, '--place', 'before', '--merge');
  expect(merge.status).toBe(2);
  expect(merge.stderr).toContain('--merge: models with both towers of TIPS can be exported');
});

it('a run that was interrupted and resumed ends with the bits of one that was not', async () => {
  const argv = (out: string) => ['adapt', ...base, '--method', 'adalink', '--towers', 'both', '--steps', '6', '--out', path(out)];
  const whole = await vitrailProcess(argv('whole'));
  expect(whole.status, whole.stderr).toBe(0);
  const signals = [{ signal: 'SIGINT', at: 1, match: 'write .*"step":3,"split":"train"' }] as const;
  const first = await vitrailProcess([...argv('halves'), '--json'], { signals });
  expect(first.status, first.stderr).toBe(130);
  expect(JSON.parse(first.stdout)).toMatchObject({ status: 'interrupted', steps: 3 });
  expect(existsSync(join(path('halves'), 'adapter.safetensors'))).toBe(false);
  const second = await vitrail(...argv('halves'), '--resume');
  expect(second.status, second.stderr).toBe(0);
  for (const file of ['adapter.safetensors', 'optimizer.safetensors', 'state.json'])
    expect(readLatest(path('halves'), file).equals(readLatest(path('whole'), file)), file).toBe(true);
  expect(
    readFileSync(join(path('halves'), 'adapter.safetensors')).equals(readFileSync(join(path('whole'), 'adapter.safetensors'))),
  ).toBe(true);
  expect(readMetrics(path('halves'))).toEqual(readMetrics(path('whole')));
  expect(readJson(path('halves'), 'summary.json').eval).toEqual(readJson(path('whole'), 'summary.json').eval);

  const again = await vitrail(...argv('halves'), '--resume');
  expect(again.stderr).toContain('nothing to do: all 6 steps are done');
  const other = await vitrail(...argv('halves'), '--resume', '--shots', '3');
  expect(other.status).toBe(2);
  expect(other.stderr).toMatch(/shots: 4 -> 3\n/);
});

describe('is refused before the first step', () => {
  const plain = ['--method', 'adalink'];
  it.each<[what: string, argv: string[], status: number, answer: string]>([
    ['no method', [], 2, '--method is one of adalink, lora, prompt, finetune, linear-probe'],
    ['an unknown method', ['--method', 'adalnik'], 2, 'did you mean "adalink"?'],
    ['an unknown tower', [...plain, '--towers', 'txt'], 2, 'did you mean "text"?'],
    ['rank 0', [...plain, '--rank', '0'], 2, '--rank is a whole number of at least 1, but 0 came'],
    ['no shots', [...plain, '--shots', '0'], 2, '--shots is a whole number of at least 1'],
    ['rank and parameters', [...plain, '--rank', '2', '--parameters', '64'], 2, 'name one of them'],
    ['a rate that is no number', [...plain, '--learning-rate', 'fast'], 2, '--learning-rate is a number'],
    ['a rank of fine-tuning', ['--method', 'finetune', '--rank', '2'], 2, '--rank goes with adalink, lora and prompt'],
    ['a place of LoRA', ['--method', 'lora', '--place', 'after'], 2, '--place goes with adalink, not with lora'],
    ['prompts that leave no room', ['--method', 'prompt', '--towers', 'text', '--rank', '12'], 2, 'there can be 1 to 11 prompts'],
    ['a merge after positions', [...plain, '--merge'], 2, '--merge: AdaLink that runs after positions'],
    ['a merge of prompts', ['--method', 'prompt', '--merge'], 2, '--merge: prompts are tokens'],
    ['a merge of a probe', ['--method', 'linear-probe', '--merge'], 2, '--merge: a linear probe is a head'],
    [
      'more shots than pictures',
      [...plain, '--shots', '14'],
      1,
      '--shots asks for 14 pictures of every class, but there are 13 of',
    ],
    ['data without classes', [...plain, '--data', path('train/plain.tar')], 1, 'pictures with classes are needed'],
    ['no text tower', [...plain, '--checkpoint', join(path('model-files'), 'vision.npz')], 2, 'has no text tower'],
    [
      'an adapter of another width',
      ['--adapter', join(path('short'), 'adapter.safetensors'), '--checkpoint', wide],
      1,
      'whose image has width 16, but in this one it is 24',
    ],
    ['an adapter with a method', ['--adapter', join(path('short'), 'adapter.safetensors'), ...plain], 2, 'leave --method out'],
    ['an adapter that is a model', ['--adapter', join(model, 'model.safetensors')], 1, 'is no adapter.safetensors'],
  ])('%s', async (_, argv, status, answer) => {
    if (argv.some((argument) => argument.endsWith('plain.tar'))) {
      const members = await captionedMembers(6);
      const captions = Object.entries(members).filter(([name]) => /\.(jpg|txt)$/.test(name));
      await writeShard(path('unlabelled'), 'plain.tar', Object.fromEntries(captions));
      argv = argv.map((argument) => (argument.endsWith('plain.tar') ? join(path('unlabelled'), 'plain.tar') : argument));
    }
    const got = await vitrail('adapt', ...base, '--out', path('refused'), ...argv);
    expect({ status: got.status, stdout: got.stdout }, got.stderr).toEqual({ status, stdout: '' });
    expect(got.stderr.trimEnd().split('\n').at(-1)).toMatch(/^vitrail: /);
    expect(got.stderr).toContain(answer);
    expect(existsSync(path('refused'))).toBe(false);
  });
});
