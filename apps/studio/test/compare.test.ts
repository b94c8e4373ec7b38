import { afterAll, describe, expect, it } from 'vitest';
import { expectAccessible } from './expect-accessible.ts';
import { longestTask } from './longest-task.ts';
import { closeStudio, hasChromium, inChromium, openStudio } from './studio-page.ts';
import { column, tinyRun } from './train-run.ts';

afterAll(closeStudio);

describe.skipIf(!hasChromium)(`iBOT beside iBOT++ ${inChromium}`, () => {
  it('trains both on the same batches, pauses, goes on, and begins again with another seed', async () => {
    const page = await openStudio({ link: tinyRun({ steps: 30 }).replace('#train', '#compare') });
    await expectAccessible(page);
    const longest = await longestTask(page, async () => {
      await page.getByRole('button', { name: 'Train both' }).click();
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.getByRole('button', { name: 'Resume' }).click();
      await page.waitForFunction(
        () =>
          [...document.querySelectorAll('.compared figcaption')].filter(({ textContent }) =>
            textContent.includes('step 30 of 30: mIoU'),
          ).length === 2,
      );
    });
    expect(longest).toBeLessThan(50);
    await expectAccessible(page);

    // Of the first step the two are asked different things by the same model about the same pictures.
    const [first, last] = [0, -1].map((at) => async (chart: string) => {
      const sides = await Promise.all(['iBOT', 'iBOT++'].map((name) => column(page, chart, name)));
      return sides.map((values) => values.at(at)!);
    });
    for (const chart of ['Cross-entropy of visible patches', 'Hidden less visible', 'Contrastive loss']) {
      const [left, right] = await first(chart);
      expect(left).toBe(right);
    }
    const [left, right] = await last('Cross-entropy of visible patches');
    expect(right).not.toBe(left);

    await page.getByRole('button', { name: 'Restart with seed 1' }).click();
    await page.getByRole('button', { name: 'Restart with seed 2' }).waitFor();
    await page
      .getByText(/After step \d+ of 30/)
      .first()
      .waitFor();
    expect(page.url()).toContain('seed=1');
  });

  it('says what is wrong with numbers', async () => {
    const page = await openStudio({ link: '#compare?backend=wasm' });
    await page.locator('.compare-controls').getByLabel('Steps').fill('0');
    await page.getByRole('button', { name: 'Train both' }).click();
    await page.getByText('Steps is a whole number of at least 1, but 0 came').filter({ visible: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Train both' }).isEnabled()).toBe(true);
  });
});
