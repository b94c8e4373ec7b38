import { cast, mean, type Rank, type ShapeMap, sum, zeros } from '@tensorflow/tfjs-core';
import { sampleTensor } from '@vitrail/testing';
import { describe, it } from 'vitest';
import { onWebGpu } from '../../test/on-webgpu.ts';

const cases: [shape: ShapeMap[Rank], axes: number[]][] = [
  [
    [0, 3],
    [0, 1],
  ],
  [[0, 3], [0]],
  [[3, 0], [0]],
  [
    [2, 0, 3],
    [1, 2],
  ],
];

describe('sums and means', () => {
  onWebGpu((expectAsOnCpu) => {
    it.each(cases)('of no numbers, %j over %j', async (shape, axes) => {
      await expectAsOnCpu(`${shape} ${axes}`, () => {
        const none = zeros(shape);
        return [
          sum(none, axes),
          sum(none, axes, true),
          mean(none, axes),
          sum(cast(none, 'int32'), axes),
          sum(cast(none, 'bool'), axes),
        ];
      });
    });

    it('of some', async () => {
      await expectAsOnCpu('some', () => [sum(sampleTensor([3, 5]), 1, true), mean(sampleTensor([3, 5]), 0)]);
    });
  });
});
