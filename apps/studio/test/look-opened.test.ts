import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeSafetensors } from '@vitrail/checkpoints';
import { sceneSource } from '@vitrail/data';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vitrail } from '../../cli/test/vitrail.ts';
import { closeStudio, hasChromium, inChromium, openStudio } from './studio-page.ts';

const model = fileURLToPath(new URL('../public/models/scenes-tipsv2.safetensors', import.meta.url));
const words = ['red circle', 'blue star', 'beige background'];
const onWasm = ['--backend', 'wasm'];

let folder: string;
const path = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vitrail-opened-'));
  const { width, height, data } = (await sceneSource({ split: 'test', size: 96 }).read(31)).image;
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(path('scene.png'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await closeStudio();
});

/** Cosines of the picture with the words, from what `vitrail embed` writes. */
async function cosinesOfCommandLine(files: string): Promise<number[]> {
  const out = path('embedded.safetensors');
  const ending = await vitrail(
    'embed',
    '--model',
    files,
    '--images',
    path('scene.png'),
    '--texts',
    ...words,
    '--out',
    out,
    ...onWasm,
  );
  expect(ending.status, ending.stderr).toBe(0);
  const { tensors } = decodeSafetensors(readFileSync(out));
  const values = (name: string) => Array.from(tensors[name].values as Float32Array);
  const [, tokens, width] = tensors['image.cls'].shape;
  const unit = (vector: number[]) => vector.map((value) => value / Math.hypot(...vector));
  const whole = unit(values('image.cls').slice((tokens - 1) * width));
  return words.map((_, i) => unit(values('text').slice(i * width, (i + 1) * width)).reduce((sum, x, j) => sum + x * whole[j], 0));
}

describe.skipIf(!hasChromium)(`models from disk ${inChromium}`, () => {
  // What is trained in one place has to mean the same in the other.
  it('gives the embeddings of a run that the command line gives', async () => {
    const exported = path('exported');
    const ending = await vitrail('export', '--model', model, '--format', 'vitrail', '--out', exported);
    expect(ending.status, ending.stderr).toBe(0);
    const page = await openStudio({ link: `#look?backend=wasm&words=${words.join(',')}` });
    await page.locator('[data-place=a] .word-table').waitFor({ timeout: 60_000 });
    await page.locator('input[accept="image/*"]').setInputFiles(path('scene.png'));
    const files = readdirSync(exported).map((name) => join(exported, name));
    await page.getByLabel('Model: open files, picker').setInputFiles(files);
    const expected = await cosinesOfCommandLine(exported);
    const shown = () =>
      page
        .locator('[data-place=a] .word-table td[title]')
        .evaluateAll((cells) => cells.map((cell) => Number(cell.getAttribute('title'))));
    await expect
      .poll(async () => Math.max(...(await shown()).map((value, i) => Math.abs(value - expected[i]))), { timeout: 60_000 })
      .toBeLessThan(1e-4);
  });

  it.each([
    ['a folder of transformers', 'clip', ['config.json', 'model.safetensors'], 'clip (transformers)'],
    ['official npz files', 'tips-pytorch', undefined, 'tips'],
    ['a picture tower alone', 'dinov2', ['config.json', 'model.safetensors'], 'dinov2 (transformers)'],
  ])('opens %s', async (_, name, wanted, family) => {
    const page = await openStudio({ link: '#look?backend=wasm' });
    await page.locator('[data-place=a] .word-table').waitFor({ timeout: 60_000 });
    const from = fileURLToPath(new URL(`../../../packages/pretrained/test/fixtures/${name}`, import.meta.url));
    const files = (wanted ?? readdirSync(from).filter((file) => file.endsWith('.npz'))).map((file) => join(from, file));
    await page.getByLabel('Model: open files, picker').setInputFiles(files);
    await page.locator('.models-group', { hasText: family }).waitFor({ timeout: 60_000 });
    await page.locator('[data-looking=false]', { hasText: 'Computed in' }).waitFor({ timeout: 60_000 });
    // None of them comes with a tokenizer: patches can be looked at all the same.
    await page.getByText('has no texts, so there is nothing to compare words with').waitFor({ timeout: 60_000 });
    expect(await page.locator('[role=alert]').filter({ visible: true }).count()).toBe(0);
  });
});
