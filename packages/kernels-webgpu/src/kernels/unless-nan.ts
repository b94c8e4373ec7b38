import type { TensorInfo } from '@tensorflow/tfjs-core';
import { launchMultiTensor, numbered } from '../multi-tensor.ts';
import { unlessNaN } from '../shaders/unless-nan.ts';
import type { KernelSet } from './kernel-set.ts';

/** `VitrailUnlessNaN`: a launch per bucket of tensors. */
export const unlessNaNKernels: KernelSet = (device) => ({
  VitrailUnlessNaN({ inputs }) {
    const given = inputs as Record<string, TensorInfo | undefined>;
    const [chosen] = launchMultiTensor(device, {
      shader: unlessNaN,
      inputs: { next: numbered(given, 'next'), previous: numbered(given, 'previous') },
      outputs: ['chosen'],
      gate: given.gate,
    });
    return chosen;
  },
});
