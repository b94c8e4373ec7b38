import type { TensorInfo } from '@tensorflow/tfjs-core';
import { launchMultiTensor, numbered } from '../multi-tensor.ts';
import { ema } from '../shaders/ema.ts';
import type { KernelSet } from './kernel-set.ts';

/** `VitrailEma`: a launch per bucket of leaves. */
export const emaKernels: KernelSet = (device) => ({
  VitrailEma({ inputs, attrs }) {
    const given = inputs as Record<string, TensorInfo | undefined>;
    const { momentum } = attrs as { momentum: number };
    const [averages] = launchMultiTensor(device, {
      shader: ema,
      inputs: { average: numbered(given, 'average'), current: numbered(given, 'current') },
      outputs: ['newAverage'],
      uniforms: { momentum, rest: 1 - momentum },
    });
    return averages;
  },
});
