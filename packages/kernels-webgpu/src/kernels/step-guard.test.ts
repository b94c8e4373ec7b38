import { scalar, type Tensor, type Tensor1D, tensor1d } from '@tensorflow/tfjs-core';
import { guardStep, unlessNaN } from '@vitrail/optim';
import { sampleTensor } from '@vitrail/testing';
import { describe, it } from 'vitest';
import { onWebGpu } from '../../test/on-webgpu.ts';

describe('VitrailStepGuard', () => {
  onWebGpu((expectAsOnCpu) => {
    it.each<[string, { loss?: number; norm?: number; counts?: number[]; maximumNorm?: number; lossScaling?: boolean }]>([
      ['a good step', {}],
      ['clipped', { maximumNorm: 0.7 }],
      ['a norm of 0', { norm: 0, maximumNorm: 0.7 }],
      ['a loss that is NaN', { loss: Number.NaN, maximumNorm: 0.7 }],
      ['a loss that is infinite', { loss: Number.NEGATIVE_INFINITY }],
      ['a norm that is NaN', { norm: Number.NaN, maximumNorm: 0.7 }],
      ['a norm that is infinite', { norm: Number.POSITIVE_INFINITY, maximumNorm: 0.7 }],
      ['a scaled loss', { lossScaling: true, maximumNorm: 0.07 }],
      ['a scaled loss, not clipped', { lossScaling: true }],
      ['a scaled loss, left out', { lossScaling: true, norm: Number.POSITIVE_INFINITY }],
      ['a scale that grows', { lossScaling: true, counts: [3, 2, 8, 1999] }],
      ['the largest scale', { lossScaling: true, counts: [3, 2, 2 ** 24, 1999] }],
      ['the smallest scale', { lossScaling: true, counts: [3, 2, 1, 4], loss: Number.NaN }],
    ])('of %s', async (name, { loss = 3, norm = 5, counts = [3, 2, 16, 1998], ...options }) => {
      await expectAsOnCpu(name, () => {
        const given = { numbers: tensor1d([loss, 7, Number.NaN, -1]), norm: scalar(norm), counts: tensor1d(counts) };
        return Object.values<Tensor>(guardStep({ ...given, ...options }));
      });
    });

    it('of more numbers than invocations', async () => {
      await expectAsOnCpu('many numbers', () => {
        const given = { numbers: sampleTensor([150]) as Tensor1D, norm: scalar(5), counts: tensor1d([0, 0, 1, 0]) };
        return Object.values<Tensor>(guardStep(given));
      });
    });
  });
});

describe('VitrailUnlessNaN', () => {
  onWebGpu((expectAsOnCpu) => {
    it.each([0, Number.POSITIVE_INFINITY, Number.NaN])('of a gate of %d', async (gate) => {
      await expectAsOnCpu(
        `gate ${gate}`,
        () => {
          const shapes = [[3], [], [0, 2], [1025], [7, 13]];
          const tensors = (seed: number) => shapes.map((shape, i) => sampleTensor(shape, seed + i));
          return unlessNaN(scalar(gate), tensors(1), tensors(100));
        },
        { tolerance: 0, halfTolerance: 0 },
      );
    });
  });
});
