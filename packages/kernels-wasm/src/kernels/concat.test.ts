import { concat, grads, reverse, square, stack, type Tensor, tile, zeros } from '@tensorflow/tfjs-core';
import { sampleTensor } from '@vitrail/testing';
import { describe, it } from 'vitest';
import { onThreads } from '../../test/on-threads.ts';
import { sampleNumbers, sampleRange, samplesOfEachType } from '../../test/samples.ts';

describe('concat and stack', () => {
  onThreads((expectAsOnCpu) => {
    it('put parts side by side along every axis, empty ones too', async () => {
      await expectAsOnCpu('concat', () => {
        const shapes = [-1, 0, 1, 2].map((axis) => [1, 5, 0, 130].map((length) => [3, 4, 7].with(axis < 0 ? 2 : axis, length)));
        return [-1, 0, 1, 2].flatMap((axis, index) => {
          const parts = shapes[index].map((shape) => samplesOfEachType(shape));
          return [0, 1, 2].map((type) =>
            concat(
              parts.map((part) => part[type]),
              axis,
            ),
          );
        });
      });
    });

    it('concat of large parts', async () => {
      await expectAsOnCpu('large', () => [concat([sampleTensor([300, 101]), sampleTensor([300, 64])], 1)]);
    });

    it('of one part, of none that has values, of one that has', async () => {
      await expectAsOnCpu('few', () => [
        concat([sampleTensor([2, 3])], 0),
        concat([zeros([0, 3]), zeros([0, 3])], 0),
        concat([zeros([0, 3]), sampleTensor([2, 3])], 0),
      ]);
    });

    it('stack along every axis', async () => {
      await expectAsOnCpu('stack', () =>
        [-1, 0, 1, 2].flatMap((axis) =>
          [1, 2, 3].flatMap((count) =>
            [0, 1, 2].map((type) =>
              stack(
                Array.from({ length: count }, () => samplesOfEachType([3, 5])[type]),
                axis,
              ),
            ),
          ),
        ),
      );
    });

    it('has the gradient of tfjs', async () => {
      await expectAsOnCpu('gradient', () => [
        ...grads((x: Tensor, y: Tensor) => square(concat([x, y, x], 1)))([sampleTensor([3, 2]), sampleTensor([3, 4])]),
        ...grads((x: Tensor, y: Tensor) => square(stack([x, y], 1)))([sampleTensor([3, 2]), sampleTensor([3, 2])]),
        ...grads((x: Tensor) => square(tile(x, [2, 3])))([sampleTensor([3, 2])]),
      ]);
    });
  });
});

describe('tile and reverse', () => {
  onThreads((expectAsOnCpu) => {
    it.each([
      [[3], [4]],
      [[1], [40000]],
      [
        [1, 5],
        [3, 1],
      ],
      [
        [3, 1],
        [1, 37],
      ],
      [
        [2, 3, 4],
        [3, 1, 2],
      ],
      [
        [2, 3, 1, 2],
        [2, 2, 2, 2],
      ],
      [
        [2, 3],
        [0, 1],
      ],
    ])('tile %j by %j', async (shape, reps) => {
      await expectAsOnCpu(`tile ${shape} ${reps}`, () => samplesOfEachType(shape).map((x) => tile(x, reps)));
    });

    it.each([
      [[5], [0]],
      [[4, 7], [1]],
      [[4, 7], [0]],
      [
        [3, 4, 5],
        [0, 2],
      ],
      [
        [2, 3, 4, 5],
        [-2, 0],
      ],
      [[2, 0], [0]],
    ])('reverse %j along %j', async (shape, axes) => {
      await expectAsOnCpu(`reverse ${shape} ${axes}`, () => [
        reverse(sampleRange(shape, -1, 1), axes),
        reverse(sampleNumbers(shape, 1000), axes),
      ]);
    });
  });
});
