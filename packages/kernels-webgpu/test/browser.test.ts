import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type BrowserContext, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cases } from './browser-cases.ts';
import type { PageReport } from './browser-page.ts';

const chromiumPath = '/usr/bin/chromium';
const here = dirname(fileURLToPath(import.meta.url));

/** WebGPU without a GPU: SwiftShader, which comes with Chromium. */
const softwareWebGpu = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
/** SwiftShader takes half a second to compile a shader, and there are some eighty. */
const TIMEOUT = 240_000;

const quiet = ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

describe.skipIf(!existsSync(chromiumPath))(`in Chromium (skipped without ${chromiumPath})`, () => {
  let server: Server;
  let profile: string;
  let browsers = 0;

  beforeAll(async () => {
    server = await servePage();
    profile = await mkdtemp(join(tmpdir(), 'vitrail-chromium-'));
  });
  afterAll(async () => {
    server?.close();
    if (profile) await rm(profile, { recursive: true, force: true });
  });

  /** What the page reports in a browser started with these arguments. */
  async function reportOf(args: readonly string[]): Promise<PageReport | { unavailable: string }> {
    const browser: BrowserContext = await chromium.launchPersistentContext(join(profile, String(browsers++)), {
      executablePath: chromiumPath,
      args: [...quiet, ...args],
    });
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      type Page = { report(): Promise<PageReport | { unavailable: string }> };
      await page.waitForFunction(() => 'report' in globalThis);
      return await page.evaluate(() => (globalThis as unknown as Page).report());
    } finally {
      await browser.close();
    }
  }

  it(
    'computes on the device of the page what cpu computes, with the same bits twice',
    async () => {
      const report = await reportOf(softwareWebGpu);
      expect(report).not.toHaveProperty('unavailable');
      const { reason, maximumTensorBytes, differences, unsteady } = report as PageReport;
      expect(reason).toMatch(/^a software adapter, which computes on the processor: .*precision f32$/);
      expect(maximumTensorBytes).toBeGreaterThanOrEqual(2 ** 27);
      expect(Object.keys(differences)).toEqual(Object.keys(cases));
      for (const [name, difference] of Object.entries(differences)) expect(difference, name).toBeLessThan(1e-5);
      expect(unsteady).toEqual([]);
    },
    TIMEOUT,
  );

  it('says that the browser has no adapter, and what to do', async () => {
    expect(await reportOf(['--disable-features=WebGPU', '--disable-gpu'])).toEqual({
      unavailable: expect.stringMatching(/^the backend webgpu is not there: .* What to do: /),
    });
  });
});

/** Serves the page on 127.0.0.1, which is as good as https to WebGPU. */
async function servePage(): Promise<Server> {
  const bundle = await build({
    entryPoints: [join(here, 'browser-page.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    conditions: ['@vitrail/source'],
    logLevel: 'error',
  });
  const page = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';
  const server = createServer(({ url }, response) => {
    if (url === '/page.js') response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(bundle.outputFiles[0].contents);
    else response.writeHead(200, { 'Content-Type': 'text/html' }).end(page);
  });
  return await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
