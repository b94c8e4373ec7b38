import { type Rank, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import type { LabelMap } from '@vitrail/data';
import { expectNoLeak, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { PatchProbe } from './patch-probe.ts';

/** A picture of 8 x 8 pixels whose four patches have these classes. */
function map(...classes: [number, number, number, number]): LabelMap {
  const data = Uint8Array.from({ length: 64 }, (_, i) => classes[2 * Math.floor(i / 32) + Math.floor((i % 8) / 4)]);
  return { width: 8, height: 8, data };
}

it('fits on the patches of the validation pictures and scores those of the test pictures, each with its own classes', () => {
  tidy(() => {
    // Two features per patch. The first tells the class in picture 0 and 1; picture 2 says the opposite and must not be looked at.
    const patches: Tensor4D = tensor4d([0, 5, 1, 5, 1, 5, 0, 5, 1, 2, 1, 2, 1, 2, 0, 2, 1, 3, 0, 3, 0, 3, 1, 3], [3, 2, 2, 2]);
    const probe = new PatchProbe(3);
    probe.add('validation', patches, 0, map(0, 2, 2, 0));
    probe.add('test', patches, 1, map(2, 2, 0, 0));
    // Found: 2 2 2 0. Class 0: 1 of 2; class 2: 2 of 3.
    expect(probe.scores()).toEqual({ mIoU: (1 / 2 + 2 / 3) / 2, pixelAccuracy: 0.75 });
  });
});

it('leaves nothing behind, and says when a half is empty', () => {
  tidy(() => {
    const patches = sampleTensor<Rank.R4>([1, 2, 2, 3]);
    const probe = new PatchProbe(2);
    probe.add('validation', patches, 0, map(0, 1, 1, 0));
    expectNoLeak(() => {
      expect(() => probe.scores()).toThrow('test needs at least one number along every axis, but [0, 3] came');
      probe.add('test', patches, 0, map(0, 1, 1, 0));
      probe.scores();
      return [];
    });
  });
});
