import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors } from '@vitrail/checkpoints';
import { openModelAt } from '@vitrail/pretrained/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vitrail } from '../../cli/test/vitrail.ts';
import { heldOutScenes, lookAtHeldOut } from '../src/engine/train-held-out.ts';
import { expectAccessible } from './expect-accessible.ts';
import { longestTask } from './longest-task.ts';
import { closeStudio, hasChromium, inChromium, openStudio } from './studio-page.ts';
import { column, reached, save, start, stepReached, tinyRun, trainWorker } from './train-run.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitrail-train-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await closeStudio();
});

describe.skipIf(!hasChromium)(`training ${inChromium}`, () => {
  /** The model of 20 steps that nothing came between. */
  let uninterrupted: Buffer;

  it('learns in 20 steps, and exports a model that is the same elsewhere', async () => {
    const page = await openStudio({ link: tinyRun() });
    await start(page);
    await reached(page, 'Finished');
    const loss = await column(page, 'Loss', 'Loss');
    expect(loss.at(-1)).toBeLessThan(loss[0] - 0.2);
    expect(await page.locator('.numbers').innerText()).toMatch(
      /20\s+of 20.*Kernel launches per step\s+[1-9]\d\d.*Memory at the most\s+[1-9].* MB/s,
    );

    const path = join(folder, 'model.safetensors');
    await copyFile(await save(page, 'model'), path);
    uninterrupted = readFileSync(path);
    const model = await openModelAt(path);
    const view = await lookAtHeldOut(model, await heldOutScenes(), 20);
    const shown = await pixelsOf(page, 'Patches: like colours, like features');
    expect(Math.max(...view.principal.map((value, i) => Math.abs(shown[i] - 255 * value)))).toBeLessThanOrEqual(1);

    const embedding = model.encodeTexts(['a red circle']);
    await vitrail(
      'embed',
      '--model',
      path,
      '--texts',
      'a red circle',
      '--out',
      join(folder, 'text.safetensors'),
      '--backend',
      'wasm',
    );
    const { text } = decodeSafetensors(readFileSync(join(folder, 'text.safetensors'))).tensors;
    const expected = [...(await embedding.data())];
    expect(Math.max(...expected.map((value, i) => Math.abs(value - Number(text.values[i]))))).toBeLessThan(1e-4);
    embedding.dispose();
    model.dispose();
  });

  it('goes on after a reload as if there had been none', async () => {
    const page = await openStudio({ link: tinyRun() });
    await start(page);
    await stepReached(page, 6);
    await page.reload();
    const goOn = page.getByRole('button', { name: /Go on from step (5|[6-9]|1\d)$/ });
    await goOn.waitFor();
    const step = Number(/\d+/.exec(await goOn.innerText())?.[0]);
    await goOn.click();
    await stepReached(page, step);
    await page
      .getByRole('button', { name: 'Pause' })
      .click()
      .catch(() => {}); // It may be over already.
    await page.getByRole('heading', { name: /Paused|Finished/ }).waitFor();
    const resume = page.getByRole('button', { name: 'Resume' });
    if (await resume.isVisible()) await resume.click();
    await reached(page, 'Finished');
    expect(readFileSync(await save(page, 'model')).equals(uninterrupted)).toBe(true);
    // The curves are those of the whole run.
    expect((await column(page, 'Loss', 'Loss')).length).toBeGreaterThan(9);
  });

  it('exports a run that the command line takes, also of an earlier visit', async () => {
    const page = await openStudio({ link: tinyRun({ steps: 5 }) });
    await start(page);
    await reached(page, 'Finished');
    await page.reload();
    await page.getByText('A finished run is kept here').waitFor();
    execFileSync('tar', ['xf', await save(page, 'run'), '-C', folder]);
    const out = join(folder, 'of-run.safetensors');
    const { status } = await vitrail(
      'embed',
      '--model',
      join(folder, 'vitrail-run'),
      '--texts',
      'a star',
      '--out',
      out,
      '--backend',
      'wasm',
    );
    expect(status).toBe(0);
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.getByText('What happens').waitFor();
  });

  it('does not hold up the page, and can be used by everybody', async () => {
    const page = await openStudio({ link: '#train?backend=wasm' });
    await page.getByRole('button', { name: 'Start training' }).waitFor();
    await expectAccessible(page);
    const longest = await longestTask(page, async () => {
      await start(page);
      await stepReached(page, 8);
    });
    expect(longest).toBeLessThan(50);
    await expectAccessible(page);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.setViewportSize({ width: 390, height: 844 });
    await expectAccessible(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });

  it('trains on a GPU, and goes on in a new worker when it is lost', async () => {
    const page = await openStudio({
      link: tinyRun({ preset: 'simmim:tiny', backend: 'webgpu', steps: 12, settings: ['train.checkpointEvery=4'] }),
      webgpu: true,
    });
    await start(page);
    await page.getByText('Computing with WebGPU').waitFor();
    await page.getByText(/^step [48]$/).waitFor({ timeout: 100_000 });
    await trainWorker(page).evaluate(() => {
      const { createBindGroup } = GPUDevice.prototype;
      GPUDevice.prototype.createBindGroup = function (descriptor) {
        this.destroy();
        return createBindGroup.call(this, descriptor);
      };
    });
    await page
      .getByText(/The GPU was lost.*goes on from step/)
      .filter({ visible: true })
      .waitFor();
    await reached(page, 'Finished');
  });
});

/** `[height * width * 3]` of a canvas, by its name. */
async function pixelsOf(page: Awaited<ReturnType<typeof openStudio>>, name: string): Promise<number[]> {
  return await page.getByRole('img', { name }).evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return [...data].filter((_, i) => i % 4 < 3);
  });
}
