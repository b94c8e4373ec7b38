import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { closeStudio, hasChromium, inChromium, openStudio } from './studio-page.ts';
import { start, stepReached } from './train-run.ts';

afterAll(closeStudio);

/** The README's pictures are written anew with `VITRAIL_SCREENSHOTS=1`, after more steps of training. */
const isKept = process.env.VITRAIL_SCREENSHOTS === '1';
const folder = join(dirname(fileURLToPath(import.meta.url)), '../../../docs/studio');

async function keep(name: string, picture: Buffer): Promise<void> {
  expect(picture.length, 'bytes of a page that shows something').toBeGreaterThan(30_000);
  if (!isKept) return;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.png`), picture);
}

describe.skipIf(!hasChromium)(`the pictures of the README, ${inChromium}`, { timeout: 240_000 }, () => {
  it.each([
    ['look', { link: '#look?backend=wasm&picture=scene-31', colorScheme: 'light' }],
    ['look-phone', { link: '#look?backend=wasm&model=mosaics&view=heat-map', width: 390, height: 844, colorScheme: 'dark' }],
  ] as const)('%s', async (name, options) => {
    const page = await openStudio(options);
    await page.locator('[data-looking=false]', { hasText: 'Computed in' }).waitFor({ timeout: 60_000 });
    await keep(name, await page.screenshot());
  });

  it('train', async () => {
    const page = await openStudio({ link: '#train?backend=wasm&preset=tipsv2:tiny&steps=600', height: 1000 });
    await start(page);
    await stepReached(page, isKept ? 200 : 3);
    await page.locator('.held-out canvas').first().waitFor();
    await keep('train', await page.screenshot());
  });
});
