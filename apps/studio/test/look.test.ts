import { afterAll, describe, expect, it } from 'vitest';
import { closeStudio, hasChromium, inChromium, openStudio } from './studio-page.ts';

afterAll(closeStudio);

describe.skipIf(!hasChromium)(`the studio ${inChromium}`, () => {
  it.each(['light', 'dark'] as const)('opens in %s mode on shared memory', async (colorScheme) => {
    const page = await openStudio({ colorScheme });
    await page.getByRole('heading', { name: 'Look' }).waitFor();
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  });
});
