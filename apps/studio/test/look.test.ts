import type { Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { expectAccessible } from './expect-accessible.ts';
import { closeStudio, hasChromium, inChromium, openStudio } from './studio-page.ts';

afterAll(closeStudio);

/** Long enough for machines that do other things, too. */
const patience = { timeout: 60_000 };
/** A driver in software compiles shaders for ten seconds, or for minutes beside other work. */
const compiling = { timeout: 500_000 };
const onWasm = '#look?backend=wasm';

/** Waits until everything that was asked of the models is shown. */
async function lookedAt(page: Page, wait = patience): Promise<void> {
  await page.locator('[data-looking=false]', { hasText: 'Computed in' }).waitFor(wait);
}

/** What the legend says: words, areas and scores. */
function legendOf(page: Page, place = 'a'): Promise<string[]> {
  return page.locator(`[data-place=${place}] .word-table tbody tr`).allInnerTexts();
}

/** The colours of a heat map, or what lies over the large picture. */
function pixelsOf(page: Page, selector: string): Promise<string> {
  return page
    .locator(selector)
    .first()
    .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
}

const heatMap = '.tile canvas.over';
const overlay = '[data-place=a] .stage canvas.over';

/** Drops a file on the picture as a user would: `content` is a text, or the size of a picture that is red on the left and blue on the right. */
async function drop(page: Page, name: string, content: string | { width: number; height: number }): Promise<void> {
  const transfer = await page.evaluateHandle(
    async ({ name, content }) => {
      const dropped = new DataTransfer();
      let blob: Blob;
      if (typeof content === 'string') blob = new Blob([content]);
      else {
        const canvas = new OffscreenCanvas(content.width, content.height);
        const context = canvas.getContext('2d')!;
        context.fillStyle = 'red';
        context.fillRect(0, 0, content.width / 2, content.height);
        context.fillStyle = 'blue';
        context.fillRect(content.width / 2, 0, content.width / 2, content.height);
        blob = await canvas.convertToBlob({ type: 'image/png' });
      }
      dropped.items.add(new File([blob], name, { type: name.endsWith('.jpg') ? 'image/jpeg' : 'image/png' }));
      return dropped;
    },
    { name, content },
  );
  await page.locator('.stage').first().dispatchEvent('drop', { dataTransfer: transfer });
}

/** A PNG of one chunk that says a size, without any pixels. */
function headerOfPng(width: number, height: number): Buffer {
  const header = Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR........\x08\x02\0\0\0....', 'latin1');
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  return header;
}

async function expectProblem(page: Page, message: RegExp): Promise<void> {
  const alert = page.getByRole('alert');
  await alert.filter({ hasText: message }).waitFor(patience);
  await alert.getByRole('button', { name: 'Close' }).click();
}

describe.skipIf(!hasChromium)(`Look ${inChromium}`, () => {
  it('shows a first overlay by itself, and a tour once', async () => {
    const page = await openStudio();
    await lookedAt(page);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect((await legendOf(page)).length).toBeGreaterThan(1);
    await expect
      .poll(() => page.locator('.device-line').textContent(), patience)
      .toMatch(/^On the processor: WebAssembly.*threads?; no WebGPU/);
    const tour = page.getByRole('dialog', { name: 'Tour' });
    for (let step = 1; step < 5; step++) await tour.getByRole('button', { name: 'Next' }).click();
    await tour.getByRole('button', { name: 'Done' }).click();
    expect(new URL(page.url()).hash).toMatch(/^(#look)?$/);
    await page.reload();
    await lookedAt(page);
    expect(await tour.count()).toBe(0);
    await page.getByRole('button', { name: 'Show the tour' }).click();
    await page.keyboard.press('Escape');
    expect(await tour.count()).toBe(0);
  });

  it('looks at a picture that is dropped, and says that links do not hold it', async () => {
    const page = await openStudio({ link: onWasm });
    await lookedAt(page);
    const before = await pixelsOf(page, heatMap);
    await drop(page, 'halves.png', { width: 300, height: 200 });
    await page.getByText('halves.png stays in this tab').waitFor(patience);
    await lookedAt(page);
    await expect.poll(() => pixelsOf(page, heatMap), patience).not.toBe(before);
    const { width, height } = (await page.locator('.stage').boundingBox())!;
    expect(width / height).toBeCloseTo(1.5, 1);
    expect(page.url()).not.toContain('halves');
    // The largest that is opened, scaled down by the browser.
    await drop(page, 'wide.png', { width: 20_000, height: 400 });
    await page.getByText('wide.png stays in this tab').waitFor(patience);
  });

  it('is used by keyboard alone', async () => {
    const page = await openStudio({ link: onWasm });
    await lookedAt(page);
    const tabTo = async (selector: string) => {
      for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press('Tab');
        if (
          await page
            .locator(selector)
            .first()
            .evaluate((element) => element === document.activeElement)
        )
          return;
      }
      throw new Error(`Tab does not reach ${selector}`);
    };
    await tabTo('.word-entry input');
    await page.keyboard.type('green star, green circle,');
    await expect.poll(() => legendOf(page), patience).toHaveLength(6);
    await page.keyboard.press('Backspace');
    await expect.poll(async () => (await legendOf(page)).join(), patience).not.toContain('green circle');
    await tabTo('.patch-pointer');
    await page.keyboard.press('ArrowDown');
    await page.getByText('Patch in row 10, column 9', { exact: true }).waitFor(patience);
    const first = await pixelsOf(page, overlay);
    await page.keyboard.press('Home');
    await page.getByText('Patch in row 10, column 1', { exact: true }).waitFor(patience);
    expect(await pixelsOf(page, overlay)).not.toBe(first);
    expect(await page.locator('.look [aria-live=polite]').textContent()).toMatch(/^Patch in row 10, column 1: .+ [−\d.]+/);
    await page.keyboard.press('Escape');
    expect(await page.getByRole('radio', { name: 'Segments' }).isChecked()).toBe(true);
  });

  it('compares two models, and a link brings back what was seen', async () => {
    const page = await openStudio({ link: `${onWasm}&picture=scene-7&words=purple square,green circle,gray background` });
    await lookedAt(page);
    await page.getByRole('slider', { name: 'Resolution' }).fill('12');
    await page.getByRole('radio', { name: 'Plain tokens' }).check({ force: true });
    await page.getByRole('radio', { name: '7 templates' }).check({ force: true });
    await page.getByRole('button', { name: 'Add a second model' }).click();
    await page.getByLabel('Second model', { exact: true }).selectOption('scenes');
    await page.locator('[data-place=b] .word-table').waitFor(patience);
    await page.getByText('12 × 12 patches. Pick one').first().waitFor(patience);
    await lookedAt(page);
    const first = await legendOf(page);
    await expect.poll(() => legendOf(page, 'b'), patience).toEqual(first);
    await expect.poll(() => page.url(), patience).toContain('second=scenes');

    const again = await openStudio({ link: new URL(page.url()).hash });
    await again.locator('[data-place=b] .word-table').waitFor(patience);
    await lookedAt(again);
    expect(await legendOf(again)).toEqual(first);
    expect(await again.getByRole('dialog', { name: 'Tour' }).count()).toBe(0);
    await again.getByRole('button', { name: 'Remove the second model' }).click();
    expect(await again.locator('[data-place=b]').count()).toBe(0);
    expect(again.url()).not.toContain('second');

    // A link in the same tab: what it does not name is as on a first visit.
    await again.evaluate(() => {
      location.hash = '#look?model=scenes-tipsv2&words=red square,blue triangle';
    });
    await again.getByRole('region', { name: 'What Scenes, TIPSv2 sees' }).waitFor(patience);
    await again.evaluate(() => {
      location.hash = '#look?view=components';
    });
    await again.getByRole('region', { name: 'What Scenes, CLIP sees' }).waitFor(patience);
    await lookedAt(again);
    await expect.poll(() => legendOf(again), patience).toHaveLength(4);
    expect(await again.getByRole('radio', { name: 'PCA' }).isChecked()).toBe(true);
    expect(await again.getByRole('radio', { name: 'Value attention' }).isChecked()).toBe(true);
  });

  it('saves what is seen as a PNG', async () => {
    const page = await openStudio({ link: `${onWasm}&picture=scene-13` });
    await lookedAt(page);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as PNG' }).click();
    const file = await download;
    expect(file.suggestedFilename()).toBe('vitrail-scene-13.png');
    const chunks: Buffer[] = [];
    for await (const chunk of await file.createReadStream()) chunks.push(chunk as Buffer);
    const png = Buffer.concat(chunks);
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.readUInt32BE(16)).toBe(1024 + 2 * 32);
    expect(png.readUInt32BE(20)).toBeGreaterThan(1024 + 4 * 34);
  });

  it('says what is wrong with what it is given, and goes on with what it had', async () => {
    const page = await openStudio({ link: onWasm });
    await lookedAt(page);
    const before = { legend: await legendOf(page), overlay: await pixelsOf(page, overlay) };
    const picture = page.locator('input[accept="image/*"]');
    const [files] = [page.getByLabel('Model: open files, picker')];
    const give = (name: string, buffer: Buffer) => ({ name, mimeType: '', buffer });

    await drop(page, 'letter.jpg', 'Dear Sir or Madam');
    await expectProblem(page, /letter\.jpg is a damaged picture, or no picture at all/);
    await picture.setInputFiles(give('nothing.png', Buffer.alloc(0)));
    await expectProblem(page, /nothing\.png is empty: it has 0 bytes/);
    await picture.setInputFiles(give('huge.png', headerOfPng(20_000, 20_000)));
    await expectProblem(page, /huge\.png has 20000 by 20000 pixels, 400 megapixels; at most 64/);
    await files.setInputFiles(give('broken.safetensors', Buffer.from('\x10\0\0\0\0\0\0\0{"not": "weights', 'latin1')));
    await expectProblem(page, /broken\.safetensors/);
    await files.setInputFiles([give('README.md', Buffer.from('# A model')), give('config.json', Buffer.from('{}'))]);
    await expectProblem(page, /A model has its weights in .* but there is README\.md, config\.json/);
    const entry = page.getByLabel('Add a word or phrase');
    await entry.fill(Array.from({ length: 65 }, (_, i) => `word ${i}`).join());
    await entry.press('Enter');
    await expectProblem(page, /At most 64 words/);
    await page.getByRole('radio', { name: 'Own' }).check({ force: true });
    const template = page.getByLabel('Own template, with {} where the word goes');
    for (const [text, message] of [
      ['  ', /The template is empty/],
      ['a photo', /A template has \{\} where the word goes, but “a photo” has none/],
    ] as const) {
      await template.fill(text);
      await template.press('Enter');
      await expectProblem(page, message);
    }
    await page.getByRole('radio', { name: 'Plain words' }).check({ force: true });
    await page.getByRole('button', { name: 'Camera' }).click();
    await expectProblem(page, /camera/);

    await lookedAt(page);
    expect({ legend: await legendOf(page), overlay: await pixelsOf(page, overlay) }).toEqual(before);
    // And it still works.
    await page.getByRole('button', { name: 'Scene 17' }).click();
    await expect.poll(() => pixelsOf(page, overlay), patience).not.toBe(before.overlay);
  });

  it.each(['light', 'dark'] as const)(
    'keeps nobody out in %s mode, at the width of a phone and of a desk',
    async (colorScheme) => {
      const page = await openStudio({ colorScheme });
      await lookedAt(page);
      await expectAccessible(page);
      await page.keyboard.press('Escape');
      for (const [width, view] of [
        [1440, 'Patch'],
        [390, 'Heat map'],
      ] as const) {
        await page.setViewportSize({ width, height: 844 });
        await page.getByRole('radio', { name: view }).check({ force: true });
        await expectAccessible(page);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      }
    },
  );

  it('computes on WebGPU what it computes on WASM, and goes on when the GPU is lost', async () => {
    const page = await openStudio({ link: '#look?backend=webgpu&patches=8', webgpu: true });
    await lookedAt(page, compiling);
    expect(await page.locator('.device-line').textContent()).toMatch(/^On the GPU: a software adapter/);
    const legend = await legendOf(page);
    const cdp = await page.context().browser()!.newBrowserCDPSession();
    await cdp.send('Browser.crashGpuProcess').catch(() => {});
    await page.getByRole('alert').filter({ hasText: 'The GPU was lost' }).waitFor(compiling);
    const onProcessor = page.getByRole('radio', { name: 'WASM' });
    await expect.poll(() => onProcessor.isEnabled(), compiling).toBe(true);
    await page.locator('[data-setting=device] label', { hasText: 'WASM' }).click();
    await page.locator('.device-line', { hasText: 'On the processor' }).waitFor(compiling);
    await lookedAt(page);
    expect(await legendOf(page)).toEqual(legend);
  }, 600_000);
});
