import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTar } from '../../../packages/data/test/make-tar.ts';
import { flat, png } from '../../../packages/data/test/pictures.ts';
import { closeStudio, hasChromium, inChromium, openStudio } from './studio-page.ts';
import { problemOf, reached, start, stepReached, tinyRun, trainWorker } from './train-run.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitrail-train-input-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await closeStudio();
});

/** Pictures of one colour with captions, as files by their names. */
async function pictures({ count = 12, captions = true } = {}): Promise<Record<string, string | Uint8Array>> {
  const files: Record<string, string | Uint8Array> = {};
  for (let i = 0; i < count; i++) {
    const name = String(i).padStart(3, '0');
    files[`${name}.png`] = await png(flat(24, 16, [20 * i, 90, 200 - 10 * i]));
    if (captions) files[`${name}.txt`] = `a wall of colour number ${i}`;
  }
  return files;
}

async function pickShard(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  await page.getByRole('radio', { name: 'Tar shards' }).check();
  await page
    .locator('.run-form input[type=file]')
    .setInputFiles({ name, mimeType: 'application/x-tar', buffer: Buffer.from(bytes) });
}

async function pickFolder(page: Page, name: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  const path = join(folder, name);
  mkdirSync(path);
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
  await page.getByRole('radio', { name: 'A folder' }).check();
  await page.locator('.run-form input[type=file]').setInputFiles(path);
}

describe.skipIf(!hasChromium)(`what training is given ${inChromium}`, () => {
  it('says what is wrong with numbers, settings and what does not fit, and goes on', async () => {
    const page = await openStudio({ link: tinyRun({ steps: 2 }) });
    const steps = page.locator('.train').getByLabel('Steps');
    await steps.fill('0');
    await start(page);
    expect(await problemOf(page)).toBe('Steps is a whole number of at least 1, but 0 came');
    await steps.fill('');
    await expect.poll(() => page.locator('.room').innerText()).toContain('at least 1, but NaN came');
    await steps.fill('2');
    const settings = page.getByLabel('Further settings', { exact: true });
    const before = await settings.inputValue();
    await page.getByText('Further settings', { exact: true }).click();
    await settings.fill('image.widht=8');
    await start(page);
    await page.getByText('did you mean "image.width"').filter({ visible: true }).first().waitFor();
    await settings.fill('');
    await page.getByLabel('Recipe').selectOption('tipsv2:B/14');
    await expect.poll(() => page.locator('.room').innerText()).toMatch(/WebAssembly has at most.*Take.*tipsv2:small/);
    await page.getByLabel('Recipe').selectOption('tipsv2:tiny');
    await settings.fill(before);
    await steps.fill('2');
    await start(page);
    await reached(page, 'Finished');
  });

  it('leaves out the bad picture of a shard by name, and what a shard that is cut off has lost', async () => {
    const page = await openStudio({ link: tinyRun({ steps: 4, batchSize: 6 }) });
    const files = await pictures();
    files['003.png'] = 'no picture';
    const whole = makeTar(files);
    await pickShard(page, 'walls.tar', whole.subarray(0, whole.length - 1024 - 512 + 5));
    await start(page);
    await reached(page, 'Finished');
    const told = await page.locator('.run-controls').innerText();
    expect(told).toMatch(/bad and left out:\s+walls\.tar: 003\.png: .*damaged/);
    expect(told).toMatch(/walls\.tar: it is cut off inside 011\.txt/);
    // The words of the held-out picture are looked for, and others when they are asked for.
    await page.getByRole('textbox', { name: 'Words to look for' }).fill('one');
    await page.getByRole('button', { name: 'Look', exact: true }).click();
    expect(await problemOf(page)).toMatch(/^Name at least two/);
    await page.getByRole('textbox', { name: 'Words to look for' }).fill('wall, sky');
    await page.getByRole('button', { name: 'Look', exact: true }).click();
    await page.locator('.legend', { hasText: /wall|sky/ }).waitFor();
  });

  it.each<[what: string, files: Record<string, string> | undefined, message: RegExp]>([
    ['a folder without pictures', { 'notes.txt': 'nothing to see' }, /No picture \(\.jpg.*among the 1 files? of folder-0/i],
    ['pictures without captions', undefined, /no caption to learn from.*\.txt or \.json.*mae, simmim/],
  ])('refuses %s', async (_, files, message) => {
    const page = await openStudio({ link: tinyRun({ steps: 2, batchSize: 4 }) });
    await pickFolder(page, files ? 'folder-0' : 'folder-1', files ?? (await pictures({ captions: false })));
    await start(page);
    expect(await problemOf(page)).toMatch(message);
    await page.getByRole('radio', { name: 'Scenes' }).check();
    await start(page);
    await reached(page, 'Finished');
  });

  it('refuses a batch that is larger than the data, and what is no archive', async () => {
    const page = await openStudio({ link: tinyRun({ steps: 2, batchSize: 12 }) });
    await pickFolder(page, 'few', await pictures());
    await start(page);
    expect(await problemOf(page)).toMatch(/only 11 to train on.*take a batch of at most 11/);
    await pickShard(page, 'photo.tar', new TextEncoder().encode('x'.repeat(2000)));
    await start(page);
    await page
      .getByText(/photo\.tar: no tar header.*is it a tar file/i)
      .filter({ visible: true })
      .waitFor();
  });

  it('goes on with the pictures of a folder once they are picked again, and with no others', async () => {
    const page = await openStudio({ link: tinyRun({ steps: 60, batchSize: 4 }) });
    await pickFolder(page, 'again', await pictures());
    await start(page);
    await stepReached(page, 3);
    await page.getByRole('button', { name: 'Pause' }).click();
    await reached(page, 'Paused');
    await page.reload();
    const goOn = page.getByRole('button', { name: /Go on from step/ });
    await page.getByText('choose again once more').waitFor();
    expect(await goOn.isDisabled()).toBe(true);
    const other = join(folder, 'other');
    mkdirSync(other);
    for (const [file, content] of Object.entries(await pictures({ count: 9 }))) writeFileSync(join(other, file), content);
    await page.locator('.kept-run input[type=file]').setInputFiles(other);
    await goOn.click();
    expect(await problemOf(page)).toMatch(/These are not the pictures that the run began with/);
    await page.locator('.kept-run input[type=file]').setInputFiles(join(folder, 'again'));
    await goOn.click();
    await reached(page, 'Training');
  });

  it('says that nothing can be kept where there is no storage, or no room in it, and trains', async () => {
    const page = await openStudio({ link: tinyRun({ steps: 12 }) });
    await page.getByRole('button', { name: 'Start training' }).waitFor();
    await trainWorker(page).evaluate(() => {
      StorageManager.prototype.getDirectory = () =>
        Promise.reject(new DOMException('no storage in private windows', 'SecurityError'));
    });
    await start(page);
    await page.getByText(/no storage here.*A reload will lose/).waitFor();
    await reached(page, 'Finished');

    const full = await openStudio({ link: tinyRun({ steps: 12 }) });
    await full.getByRole('button', { name: 'Start training' }).waitFor();
    const cdp = await full.context().newCDPSession(full);
    await cdp.send('Storage.overrideQuotaForOrigin', { origin: new URL(full.url()).origin, quotaSize: 20_000 });
    await start(full);
    await full.getByText(/storage that the browser gives this page is full.*A reload will lose/).waitFor();
    await reached(full, 'Finished');
  });

  it('lets one tab alone train into the kept run', async () => {
    const page = await openStudio({ link: tinyRun({ steps: 5000 }) });
    await start(page);
    await reached(page, 'Training');
    const second = await page.context().newPage();
    await second.goto(page.url());
    await start(second);
    expect(await problemOf(second)).toMatch(/Another tab of the studio is training/);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: /Go on from step/ }).waitFor();
    await start(second);
    await reached(second, 'Training');
  });

  it('says that memory has run out, and trains something smaller', async () => {
    const page = await openStudio({ link: tinyRun({ steps: 2 }) });
    await page.getByRole('button', { name: 'Start training' }).waitFor();
    // The estimate is of what tensors take; what a kernel needs besides may be more than there is.
    await trainWorker(page).evaluate(() => {
      const { Float32Array: Original } = globalThis;
      let calls = 0;
      globalThis.Float32Array = new Proxy(Original, {
        construct(target, given) {
          if (typeof given[0] === 'number' && ++calls === 20) throw new RangeError('Array buffer allocation failed');
          return Reflect.construct(target, given);
        },
      });
    });
    await start(page);
    expect(await problemOf(page)).toMatch(/memory of the device has run out.*batch \(4\).*tipsv2:mini/);
    await start(page);
    await reached(page, 'Finished');
  });
});
