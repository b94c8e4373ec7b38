import { add, exp, matMul, ones, tidy } from '@tensorflow/tfjs-core';
import { linear } from '@vitrail/ops';
import { describe, expect, it } from 'vitest';
import { device, onWebGpu } from '../test/on-webgpu.ts';
import { profileWebGpuKernels } from './index.ts';

describe('profileWebGpuKernels', () => {
  onWebGpu(() => {
    const hasTimestamps = device?.features.has('timestamp-query');

    it.runIf(hasTimestamps)(
      'names and times every launch, ours and those of tfjs, and gives the same values as without',
      async () => {
        const compute = () => tidy(() => add(exp(linear(ones([3, 4]), { kernel: ones([4, 5]) }, 'gelu')), ones([5])));
        const plain = compute();
        const expected = await plain.data();
        const stop = profileWebGpuKernels();
        expect(() => profileWebGpuKernels()).toThrow(/timed already/);
        const timed = compute();
        const times = await stop();
        expect(await timed.data()).toEqual(expected);
        expect(times.reduce((sum, { launches }) => sum + launches, 0)).toBeGreaterThanOrEqual(3);
        for (const { kernel, milliseconds } of times) {
          expect(kernel).not.toBe('');
          expect(milliseconds).toBeGreaterThanOrEqual(0);
        }
        expect(times).toEqual([...times].sort((a, b) => b.milliseconds - a.milliseconds));
        plain.dispose();
        timed.dispose();
      },
    );

    // In f16 the copy is a launch of its own.
    it.runIf(hasTimestamps)('times a launch of tfjs that gets a float32 copy of its input', async () => {
      const input = tidy(() => linear(ones([512, 512]), { kernel: ones([512, 512]) }));
      const stop = profileWebGpuKernels();
      const output = exp(input);
      const times = await stop();
      input.dispose();
      output.dispose();
      const time = times.find(({ kernel }) => kernel === 'unary')?.milliseconds;
      expect(time).toBeGreaterThan(0);
    });

    it.runIf(hasTimestamps)('measures a large product as longer than a small one, and stops when told', async () => {
      const timeOf = async (size: number) => {
        const stop = profileWebGpuKernels();
        const product = tidy(() => matMul(ones([size, size]), ones([size, size])));
        const times = await stop();
        product.dispose();
        return times.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
      };
      await timeOf(8);
      expect(await timeOf(256)).toBeGreaterThan(await timeOf(8));
    });
  });
});
