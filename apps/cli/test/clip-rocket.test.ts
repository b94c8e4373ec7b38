import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readJson, readLatest, readMetrics } from './run-files.ts';
import { scratchFolder } from './scratch.ts';
import { tinyPretrain } from './tiny.ts';
import { vitrail } from './vitrail.ts';

const folder = scratchFolder();

/** Arguments of a tiny run of a recipe with strong views. */
function argumentsOf(recipe: string, out: string, steps: number, set: readonly string[]): string[] {
  const rocket = ['rocket.hidden=24', 'rocket.outputs=12', ...set];
  return tinyPretrain(out, { steps, set: rocket })
    .filter((argument) => !argument.startsWith('heads.'))
    .map((argument) => (argument === 'tipsv2' ? recipe : argument));
}

it('clip-rocket: a run that is resumed ends as one that was not, its model is evaluated, and its report shows the two losses', async () => {
  const [whole, parts] = [join(folder, 'whole'), join(folder, 'parts')];
  const settings = ['rocket.textDropout=0.1', 'rocket.synonyms=[["red","crimson"],["dog","hound"]]'];
  const first = await vitrail(...argumentsOf('clip-rocket:tiny', whole, 5, settings), '--backend', 'wasm');
  expect(first.status, first.stderr).toBe(0);
  const rows = readMetrics(whole).filter(({ split }) => split === 'train');
  expect(rows.length).toBe(5);
  for (const row of rows) {
    for (const name of ['loss', 'loss/contrastive', 'loss/strong']) expect(row[name], name).toEqual(expect.any(Number));
  }
  expect(readMetrics(whole).at(-1)).toMatchObject({ split: 'eval', 'zeroShotSegmentation.mIoU': expect.any(Number) });
  expect(readJson(whole, 'config.json')).toMatchObject({
    recipe: 'clip-rocket',
    rocket: {
      views: 2,
      synonyms: [
        ['red', 'crimson'],
        ['dog', 'hound'],
      ],
    },
  });
  expect(readFileSync(join(whole, 'report.html'), 'utf8')).toMatch(/>\s*strong\s*</);

  // As if the process had been killed before the checkpoint of the last step.
  cpSync(whole, parts, { recursive: true });
  rmSync(join(parts, 'checkpoints', 'step-000005'), { recursive: true });
  rmSync(join(parts, 'summary.json'));
  writeFileSync(join(parts, 'checkpoints', 'latest'), 'step-000004');
  const resumed = await vitrail(...argumentsOf('clip-rocket:tiny', parts, 5, settings), '--backend', 'wasm', '--resume');
  expect(resumed.status, resumed.stderr).toBe(0);
  for (const file of ['model.safetensors', 'optimizer.safetensors', 'carried.safetensors'])
    expect(readLatest(parts, file).equals(readLatest(whole, file)), file).toBe(true);
  expect(readMetrics(parts)).toEqual(readMetrics(whole));

  const evaluated = await vitrail(
    'evaluate',
    '--model',
    whole,
    '--data',
    'scenes?split=test&count=8&size=16',
    '--backend',
    'wasm',
    '--json',
  );
  expect(evaluated.status, evaluated.stderr).toBe(0);
  expect(JSON.parse(evaluated.stdout)).toMatchObject({
    retrieval: { candidates: 8 },
    zeroShotClassification: { top1: expect.any(Number) },
    zeroShotSegmentation: { mIoU: expect.any(Number) },
  });
  const exported = await vitrail('export', '--model', whole, '--out', join(folder, 'export'), '--format', 'hf');
  expect(exported.status).not.toBe(0);
  expect(exported.stderr).toContain('this is vitrail (clip-rocket)');
});

it.each([
  ['byolip', ['siam.hidden=16', 'siam.outputs=8']],
  ['barlip', ['bar.hidden=16', 'bar.outputs=8']],
  ['swalip', []],
])('%s trains and is evaluated', async (recipe, set) => {
  const out = join(folder, recipe);
  const { status, stderr } = await vitrail(...argumentsOf(recipe, out, 2, set), '--backend', 'wasm');
  expect(status, stderr).toBe(0);
  expect(readMetrics(out).find(({ split }) => split === 'train')?.[`loss/${recipe}`]).toEqual(expect.any(Number));
  expect(readJson(out, 'summary.json')).toMatchObject({ status: 'completed', eval: { retrieval: expect.any(Object) } });
});

it('says before it starts which setting cannot be', async () => {
  const { status, stderr } = await vitrail(...argumentsOf('swalip', join(folder, 'wrong'), 1, ['rocket.views=3']));
  expect(status).not.toBe(0);
  expect(stderr).toContain('rocket.views is 2, two views that predict each other, but 3 came');
});
