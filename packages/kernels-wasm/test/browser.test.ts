import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type BrowserContext, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WasmKernelOptions } from '../src/index.ts';
import type { PageReport } from './browser-page.ts';

const chromiumPath = '/usr/bin/chromium';
const here = dirname(fileURLToPath(import.meta.url));

describe.skipIf(!existsSync(chromiumPath))(`in Chromium (skipped without ${chromiumPath})`, () => {
  let server: Server;
  let browser: BrowserContext;
  let profile: string;

  beforeAll(async () => {
    server = await servePage();
    profile = await mkdtemp(join(tmpdir(), 'vitrail-chromium-'));
    browser = await chromium.launchPersistentContext(profile, {
      executablePath: chromiumPath,
      args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    if (profile) await rm(profile, { recursive: true, force: true });
  });

  async function open(path: string, options: WasmKernelOptions): Promise<PageReport> {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
    type Page = { report(options: WasmKernelOptions): Promise<PageReport> };
    return await page.evaluate((given) => (globalThis as unknown as Page).report(given), options);
  }

  const cores = availableParallelism();
  it.each([
    ['isolated, with wasmPaths: as many threads as cores', '/isolated', { wasmPaths: '/wasm/' }, cores],
    ['isolated, without wasmPaths: one thread', '/isolated', {}, 1],
    ['isolated, asked for one thread', '/isolated', { threads: 1, wasmPaths: '/wasm/' }, 1],
    ['any other: one thread', '/', { wasmPaths: '/wasm/' }, 1],
    ['without leave for workers: one thread', '/isolated-without-workers', { wasmPaths: '/wasm/' }, 1],
  ])('agrees with cpu on a page that is %s', async (_, path, options, threads) => {
    const report = await open(path, options);
    expect(report).toMatchObject({ build: 'relaxed', threads, isolated: path !== '/' });
    expect(report.difference).toBeLessThan(1e-5);
  });

  it('says why threads cannot be had', async () => {
    await expect(open('/', { threads: 2, wasmPaths: '/wasm/' })).rejects.toThrow('Cross-Origin-Opener-Policy: same-origin');
    await expect(open('/isolated', { threads: 2 })).rejects.toThrow('wasmPaths');
    await expect(open('/isolated-without-workers', { threads: 2, wasmPaths: '/wasm/' })).rejects.toThrow('worker-src');
  });
});

/** Serves the page on 127.0.0.1, with and without the headers that let threads share memory, and the binaries of tfjs under `/wasm/`. */
async function servePage(): Promise<Server> {
  const bundle = await build({
    entryPoints: [join(here, 'browser-page.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    conditions: ['@vitrail/source'],
    logLevel: 'error',
  });
  const binaries = dirname(
    createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm'),
  );
  const isolation = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
  const page = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';
  const server = createServer(async ({ url = '/' }, response) => {
    const headers = {
      'Cross-Origin-Resource-Policy': 'same-origin',
      ...(url.startsWith('/isolated') && isolation),
      ...(url.endsWith('without-workers') && { 'Content-Security-Policy': "worker-src 'self'" }),
    };
    if (url === '/page.js')
      response.writeHead(200, { ...headers, 'Content-Type': 'text/javascript' }).end(bundle.outputFiles[0].contents);
    else if (url.endsWith('.wasm')) {
      response
        .writeHead(200, { ...headers, 'Content-Type': 'application/wasm' })
        .end(await readFile(join(binaries, basename(url))));
    } else response.writeHead(200, { ...headers, 'Content-Type': 'text/html' }).end(page);
  });
  return await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
