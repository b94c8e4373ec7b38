import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type PreviewServer, preview } from 'vite';
import { expect, onTestFinished } from 'vitest';

const chromiumPath = '/usr/bin/chromium';
const studio = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Whether there is a browser to test in, and what a skipped suite says. */
export const hasChromium = existsSync(chromiumPath);
export const inChromium = `in Chromium (skipped without ${chromiumPath})`;

/** How a page of the studio is opened. */
export type StudioPageOptions = {
  /** The page and its state, such as `#look?backend=wasm`; empty by default, as on a first visit. */
  readonly link?: string;
  /** Whether the page finds a GPU: SwiftShader, which computes on the processor. */
  readonly webgpu?: boolean;
  /** Of the window, in pixels. */
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
};

/** What is made once for all tests of a file. */
let served: Promise<PreviewServer> | undefined;
const browsers = new Map<boolean, Promise<Browser>>();
let folder: string | undefined;

/**
 * Opens the built studio in a browser of its own state. When the test ends the page is closed, and the test fails if anything was written to the
 * console as an error, anything was thrown that nobody caught, or anything was asked of another host.
 */
export async function openStudio(options: StudioPageOptions = {}): Promise<Page> {
  const { link = '', webgpu = false, width = 1440, height = 900, colorScheme = 'light' } = options;
  served ??= serve();
  if (!browsers.has(webgpu)) browsers.set(webgpu, launch(webgpu));
  const [server, browser] = await Promise.all([served, browsers.get(webgpu)]);
  const context = await browser!.newContext({ viewport: { width, height }, colorScheme, acceptDownloads: true });
  const { origin } = new URL(server.resolvedUrls!.local[0]);
  const [errors, requestsElsewhere]: string[][] = [[], []];
  context.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  context.on('weberror', (error) => errors.push(String(error.error())));
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (!['blob:', 'data:'].includes(url.protocol) && url.origin !== origin) requestsElsewhere.push(url.href);
  });
  onTestFinished(async () => {
    await context.close();
    expect({ errors, requestsElsewhere }).toEqual({ errors: [], requestsElsewhere: [] });
  });
  const page = await context.newPage();
  await page.goto(`${origin}/${link}`);
  return page;
}

/** Ends what the tests of a file shared: call it in `afterAll`. */
export async function closeStudio(): Promise<void> {
  await Promise.all([...browsers.values()].map(async (browser) => (await browser).close()));
  await (await served)?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
}

/** Builds the studio as it is hosted, with its headers, and serves it on 127.0.0.1. */
async function serve(): Promise<PreviewServer> {
  folder = await mkdtemp(join(tmpdir(), 'vitrail-studio-'));
  // In a process of its own, which is not in the test mode of this one. Other files of tests build at the same time, to folders of theirs.
  const vite = join(studio, 'node_modules/vite/bin/vite.js');
  const env = { ...process.env, NODE_ENV: 'production' };
  await promisify(execFile)(
    process.execPath,
    [vite, 'build', '--logLevel', 'error', '--outDir', folder, '--emptyOutDir', '--bypass-lock'],
    {
      cwd: studio,
      env,
    },
  );
  return await preview({ root: studio, logLevel: 'error', build: { outDir: folder }, preview: { port: 0, open: false } });
}

function launch(webgpu: boolean): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...(webgpu ? ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'] : []),
    ],
  });
}
