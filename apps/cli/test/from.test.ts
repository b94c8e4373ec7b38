import { join } from 'node:path';
import { decodeSafetensors } from '@vitrail/checkpoints';
import { beforeAll, describe, expect, it } from 'vitest';
import { readJson, readLatest, readMetrics } from './run-files.ts';
import { scratchFolder } from './scratch.ts';
import { tinyPretrain } from './tiny.ts';
import { vitrail } from './vitrail.ts';

const folder = scratchFolder();
const at = (name: string) => join(folder, name);
const scenes = 'scenes?count=64&size=16';
const first = at('first');

/** A tiny run; with a rate of 0 its parameters stay what they are at the start. */
async function run(
  name: string,
  {
    from,
    seed = 1,
    set = [] as string[],
    recipe = 'tipsv2',
  }: { from?: string; seed?: number; set?: string[]; recipe?: string } = {},
) {
  const all = tinyPretrain(at(name), { data: scenes, steps: 1, set: ['optimizer.learningRate=0', ...set] });
  const argv = recipe === 'tipsv2' ? all : all.filter((arg) => !arg.startsWith('heads.'));
  argv[argv.indexOf('tipsv2')] = recipe;
  return vitrail(...argv, '--seed', String(seed), '--backend', 'wasm', ...(from === undefined ? [] : ['--from', from]));
}

/** The tensors of a file of the newest checkpoint, as bytes, by name. */
function tensors(name: string, file = 'model.safetensors'): Record<string, string> {
  const decoded = decodeSafetensors(readLatest(at(name), file)).tensors;
  return Object.fromEntries(
    Object.entries(decoded).map(([path, { shape, values }]) => [
      path,
      `${shape}: ${Buffer.from((values as Float32Array).slice().buffer).toString('base64')}`,
    ]),
  );
}

const firstLoss = (name: string) => readMetrics(at(name))[0].loss;

beforeAll(async () => {
  const { status, stderr } = await vitrail(
    ...tinyPretrain(first, { data: scenes, steps: 3 }),
    '--seed',
    '1',
    '--backend',
    'wasm',
  );
  expect(status, stderr).toBe(0);
});

describe('--from', () => {
  it('starts every parameter, heads and temperature too, and copies in the teacher; the first step has the loss of the model', async () => {
    const { status, stderr } = await run('again', { from: first, seed: 2 });
    expect(status, stderr).toBe(0);
    expect(stderr).toContain(`from ${join(first, 'checkpoints', 'step-000003')}: all parameters\n`);
    expect(tensors('again')).toEqual(tensors('first'));
    const carried = tensors('again', 'carried.safetensors');
    const teacher = Object.entries(carried).filter(([path]) => path.startsWith('teacher.'));
    expect(teacher.length).toBeGreaterThan(10);
    for (const [path, values] of teacher) expect(values).toBe(tensors('first')[path.slice('teacher.'.length)]);
    expect(readJson(at('again'), 'config.json')).toMatchObject({
      startedFrom: join(first, 'checkpoints', 'step-000003'),
      train: { seed: 2 },
    });

    await run('once more', { from: at('again'), seed: 2 });
    expect(firstLoss('once more')).toBe(firstLoss('again'));
    await run('fresh', { seed: 2 });
    expect(firstLoss('fresh')).not.toBe(firstLoss('again'));
  });

  it('goes on at another crop size, the second stage of TIPSv2, with the grid of positions that the first had', async () => {
    const { status, stderr } = await run('large', { from: first, set: ['views.globalSize=32', 'views.localSize=16'] });
    expect(status, stderr).toBe(0);
    expect(tensors('large')).toEqual(tensors('first'));
  });

  it('says what starts fresh', async () => {
    await run('clip', { recipe: 'clip' });
    const { status, stderr } = await run('onto clip', { from: at('clip') });
    expect(status, stderr).toBe(0);
    expect(stderr).toContain(': all parameters but image.maskToken, heads, which start fresh\n');
  });

  it.each([
    [['image.heads=4'], 'vit.heads 2 instead of 4'],
    [['image.mlp=gelu'], 'vit.mlp.kind gelu-tanh instead of gelu'],
    [['text.depth=2'], 'text.depth 1 instead of 2'],
    [['heads.prototypes=16'], 'heads.cls.prototypes.directions [32,16] instead of [16,16]'],
  ])('refuses settings that are not those of the model: %s', async (set, message) => {
    const { status, stderr } = await run('refused', { from: first, set });
    expect(status).not.toBe(0);
    expect(stderr).toContain(message);
  });
});
