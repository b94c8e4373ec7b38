import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeSafetensors } from '../src/index.ts';
import type { PageReport } from './browser-page.ts';
import { serveFiles } from './serve-files.ts';

const chromiumPath = '/usr/bin/chromium';
const here = fileURLToPath(new URL('.', import.meta.url));
const fixture = (name: string) => new Uint8Array(readFileSync(join(here, 'fixtures', name)));

describe.skipIf(!existsSync(chromiumPath))(`in Chromium (skipped without ${chromiumPath})`, () => {
  let server: Awaited<ReturnType<typeof serveFiles>>;
  let browser: BrowserContext;
  let profile: string;
  let page: Page;

  beforeAll(async () => {
    const bundle = await build({
      entryPoints: [join(here, 'browser-page.ts')],
      bundle: true,
      write: false,
      format: 'esm',
      conditions: ['@vitrail/source'],
      logLevel: 'error',
    });
    const names = ['numpy.npz', 'numpy-deflated.npz', 'torch-5.pt', 'torch.safetensors'];
    server = await serveFiles(
      {
        '/': new TextEncoder().encode('<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>'),
        '/page.js': bundle.outputFiles[0].contents,
        ...Object.fromEntries(names.map((name) => [name, fixture(name)])),
      },
      { '/': 'text/html', '/page.js': 'text/javascript' },
    );
    profile = await mkdtemp(join(tmpdir(), 'vitrail-chromium-'));
    browser = await chromium.launchPersistentContext(profile, {
      executablePath: chromiumPath,
      args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    });
    page = await browser.newPage();
    await page.goto(server.url);
    await page.waitForFunction(() => 'report' in globalThis);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    if (profile) await rm(profile, { recursive: true, force: true });
  });

  it.each([
    ['numpy.npz', 'numpy'],
    ['numpy-deflated.npz', 'numpy'],
    ['torch-5.pt', 'torch'],
    ['torch.safetensors', 'torch'],
  ])('%s is read from a URL by ranges, and as a blob, to the bit', async (name, twin) => {
    const { tensors } = decodeSafetensors(fixture(`${twin}.safetensors`));
    const expected = Object.fromEntries(
      Object.entries(tensors).map(([tensor, { values }]) => [
        tensor,
        Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex'),
      ]),
    );
    type Reporting = { report(url: string): Promise<PageReport> };
    const report = await page.evaluate((url) => (globalThis as unknown as Reporting).report(url), `${server.url}/ranges/${name}`);
    expect(report).toEqual({ fromUrl: expected, fromBlob: expected });
  });

  it('tells a server that ignores ranges, and a file that is not there', async () => {
    type Failing = { failure(url: string): Promise<unknown> };
    const failure = (url: string) => page.evaluate((given) => (globalThis as unknown as Failing).failure(given), url);
    expect(await failure(`${server.url}/ignores/numpy.npz`)).toBe('io');
    expect(await failure(`${server.url}/ranges/other.npz`)).toBe('missing-data');
  });
});
