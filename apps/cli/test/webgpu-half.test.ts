import { join } from 'node:path';
import { detectBackends } from '@vitrail/backend';
import { softwareDrivers, useSoftwareGpu } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { readJson, readMetrics } from './run-files.ts';
import { scratchFolder } from './scratch.ts';
import { tinySettings } from './tiny.ts';
import { vitrail } from './vitrail.ts';

// Of the drivers in software lavapipe has float16.
useSoftwareGpu(softwareDrivers().filter(({ name }) => name === 'llvmpipe'));
const webgpu = (await detectBackends()).find(({ name }) => name === 'webgpu');
const why = webgpu?.available === true ? undefined : webgpu?.reason;

describe.skipIf(why !== undefined)(`pretraining in f16${why === undefined ? '' : `: ${why}`}`, { timeout: 480_000 }, () => {
  // A scale that is too large is found by leaving steps out: a run that did not count them would look as if it had learned from all.
  it('leaves steps out whose scaled gradients overflow, counts them, and learns from the others', async (context) => {
    const directory = join(scratchFolder(), 'half');
    const settings = tinySettings.filter((setting) => !setting.startsWith('heads.'));
    // Gradients of features are as steep as the temperature is small: 65,536 of them are more than a half can hold, a few less are not.
    const steep = [
      'loss.temperature=0.005',
      'image.heads=1',
      'text.heads=1',
      'train.checkpointEvery=100',
      'train.evaluateEvery=100',
    ];
    const { status, stderr } = await vitrail(
      ...['pretrain', '--recipe', 'clip', '--data', 'scenes?count=64&size=16', '--out', directory, '--steps', '10'],
      ...['--backend', 'webgpu', '--precision', 'f16', '--set', ...settings, ...steep],
    );
    context.skip(stderr.includes('shader-f16'), 'the GPU device has no float16');
    expect(status, stderr).toBe(0);
    const summary = readJson(directory, 'summary.json');
    expect(summary).toMatchObject({ status: 'completed', steps: 10 });
    expect(summary.skippedSteps).toBeGreaterThan(0);
    expect(summary.skippedSteps).toBeLessThan(9);
    const leftOut = [
      ...stderr.matchAll(/step (\d+) left out: gradientNorm is (?:Infinity|NaN); the loss is scaled by (\d+) from now on/g),
    ];
    expect(leftOut).toHaveLength(Number(summary.skippedSteps));
    // Half of 65,536, and so on.
    expect(leftOut.map(([, , scale]) => Number(scale))).toEqual(leftOut.map((_, i) => 2 ** (15 - i)));
    const rows = readMetrics(directory).filter(({ split }) => split === 'train');
    expect(rows).toHaveLength(10);
    const after = rows.slice(leftOut.length);
    for (const { loss, gradientNorm } of after) expect(Number.isFinite(loss) && Number.isFinite(gradientNorm)).toBe(true);
    expect(after.at(-1)?.loss).not.toBe(after[0].loss);
  });
});
