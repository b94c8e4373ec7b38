import type { LabelMap } from '@vitrail/data';
import { expectNoLeakAsync } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { PatchProbe } from './patch-probe.ts';

/** A picture of 8 x 8 pixels whose four patches have these classes. */
function map(...classes: [number, number, number, number]): LabelMap {
  const data = Uint8Array.from({ length: 64 }, (_, i) => classes[2 * Math.floor(i / 32) + Math.floor((i % 8) / 4)]);
  return { width: 8, height: 8, data };
}

it('fits on the patches of the validation pictures and scores those of the test pictures, each with its own classes', async () => {
  // Two features per patch. The first tells the class, and is what the second picture is scored by.
  const probe = new PatchProbe(3);
  probe.add('validation', Float32Array.of(0, 5, 1, 5, 1, 5, 0, 5), [2, 2], map(0, 2, 2, 0));
  probe.add('test', Float32Array.of(1, 2, 1, 2, 1, 2, 0, 2), [2, 2], map(2, 2, 0, 0));
  // Found: 2 2 2 0. Class 0: 1 of 2; class 2: 2 of 3.
  expect(await probe.scores()).toEqual({ mIoU: (1 / 2 + 2 / 3) / 2, pixelAccuracy: 0.75 });
});

it('leaves nothing behind, and says when a half is empty', async () => {
  const patches = Float32Array.of(0.1, 0.5, -1, 2, 0.3, 1, -0.4, 0.2, 0.6, 1, 1.5, -2);
  const probe = new PatchProbe(2);
  probe.add('validation', patches, [2, 2], map(0, 1, 1, 0));
  await expectNoLeakAsync(async () => {
    await expect(probe.scores()).rejects.toThrow('test needs at least one number along every axis, but [0, 3] came');
    probe.add('test', patches, [2, 2], map(0, 1, 1, 0));
    await probe.scores();
    return [];
  });
});
