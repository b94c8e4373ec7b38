import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../placement.ts';
import { stepGuard } from '../shaders/step-guard.ts';
import type { KernelSet } from './kernel-set.ts';

type Attributes = {
  maximumNorm: number;
  lossScaling: boolean;
  growthInterval: number;
  minimumScale: number;
  maximumScale: number;
};

/** `VitrailStepGuard`, in one launch. */
export const stepGuardKernels: KernelSet = (device) => ({
  VitrailStepGuard({ inputs, attrs }) {
    const { numbers, norm, counts } = inputs as Record<'numbers' | 'norm' | 'counts', TensorInfo>;
    const { maximumNorm, lossScaling, ...limits } = attrs as Attributes;
    const count = sizeOf(numbers.shape);
    const clips = maximumNorm < Number.POSITIVE_INFINITY;
    const gradientScale = device.output([]);
    const newCounts = device.output([4]);
    const allNumbers = device.output([count + 1]);
    const counted = device.output([count + 2]);
    device.launch(
      stepGuard,
      undefined,
      { numbers, norm, counts, gradientScale, newCounts, allNumbers, counted },
      {
        ...limits,
        count,
        clips: Number(clips),
        maximumNorm: clips ? maximumNorm : 0,
        scales: Number(lossScaling),
        nan: 0x7fc00000,
      },
      1,
    );
    return [gradientScale, newCounts, allNumbers, counted];
  },
});
