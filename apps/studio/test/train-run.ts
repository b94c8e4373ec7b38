import type { Page } from 'playwright-core';
import { tinySettings as tinySizes } from '../../cli/test/tiny.ts';

/** The sizes of the command line's tests, with which a step takes milliseconds. */
const tinySettings = [
  ...tinySizes.filter((setting) => !setting.startsWith('train.')),
  'optimizer.warmupSteps=2',
  'train.checkpointEvery=5',
];

/** The link of the page with a run that takes seconds. */
export function tinyRun({
  preset = 'tipsv2:tiny',
  steps = 20,
  batchSize = 8,
  backend = 'wasm',
  settings = [] as readonly string[],
} = {}): string {
  const isOfPictures = !preset.startsWith('tips');
  const known = tinySettings.filter((setting) => !(isOfPictures && /^(text|heads)\./.test(setting)));
  const state = { backend, preset, steps, batchSize, learningRate: 0.01, settings: [...known, ...settings].join('\n') };
  return `#train?${new URLSearchParams(Object.entries(state).map(([name, value]) => [name, String(value)]))}`;
}

/** Presses the button that begins a run. */
export async function start(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Start training' }).click();
}

/** Waits until the run is in a state. */
export async function reached(page: Page, state: 'Training' | 'Paused' | 'Finished'): Promise<void> {
  await page.getByRole('heading', { name: state, exact: true }).waitFor({ timeout: 60_000 });
}

/** Waits until so many steps are done. */
export async function stepReached(page: Page, step: number): Promise<void> {
  await page.waitForFunction(
    (least) => (document.querySelector<HTMLProgressElement>('.train progress')?.value ?? 0) >= least,
    step,
    { timeout: 180_000 },
  );
}

/** What the page says went wrong. */
export async function problemOf(page: Page): Promise<string> {
  const notice = page.locator('[role=alert] p').filter({ visible: true });
  await notice.waitFor();
  return await notice.innerText();
}

/** The path of `model.safetensors`, or of the run's archive, saved from the page. */
export async function save(page: Page, what: 'model' | 'run'): Promise<string> {
  const download = page.waitForEvent('download');
  await page
    .getByRole('button', { name: `Export ${what}` })
    .filter({ visible: true })
    .click();
  return await (await download).path();
}

/** The column of a chart's table, by step. */
export async function column(page: Page, chart: string, name: string): Promise<number[]> {
  const table = page.locator('.pane', { has: page.getByText(`${chart} as a table`) }).locator('.curve-table table');
  const names = await table.locator('thead th').allTextContents();
  const cells = await table.locator(`tbody td:nth-child(${names.indexOf(name) + 1})`).allTextContents();
  return cells.map(Number);
}

/** The worker that trains. */
export function trainWorker(page: Page) {
  const worker = page.workers().find((each) => each.url().includes('train.worker'));
  if (worker === undefined) throw new Error('the page has no worker that trains');
  return worker;
}
