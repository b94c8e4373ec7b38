import type { TensorInfo } from '@tensorflow/tfjs-core';
import { Kernel } from '../kernel.ts';
import type { KernelSet } from './kernel-set.ts';
import { type AdamAttributes, adamTensors } from './optimizer-adam.ts';
import { launchOverTensors, sizeOf } from './optimizer-table.ts';

/** Elements of a task: some 40 microseconds at the speed of the memory. */
const CHUNK = 2 ** 14;

/** `VitrailAdamW`: all parameters and moments in one pass. */
export const adamwKernels: KernelSet = (device) => ({
  VitrailAdamW({ inputs, attrs }) {
    const given = inputs as Record<string, TensorInfo | undefined>;
    const { beta1, beta2, epsilon, t, rates, decays } = attrs as AdamAttributes;
    const { params, outputs, addresses } = adamTensors(device, given);
    const deviationCorrection = Math.sqrt(1 - beta2 ** t);
    const factor = deviationCorrection / (1 - beta1 ** t);
    const entries = params.map((param, i) => ({
      size: sizeOf(param),
      addresses: addresses[i],
      floats: [1 - rates[i] * decays[i], rates[i] * factor],
    }));
    launchOverTensors(device, Kernel.AdamW, entries, {
      chunk: CHUNK,
      words: [device.addressIfAny(given.gradientScale)],
      floats: [beta1, 1 - beta1, beta2, 1 - beta2, epsilon * deviationCorrection],
    });
    return outputs.flat();
  },
});
