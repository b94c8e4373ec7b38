import type { TensorInfo } from '@tensorflow/tfjs-core';
import { Kernel } from '../kernel.ts';
import type { KernelSet } from './kernel-set.ts';
import { launchOverTensors, numbered, sizeOf } from './optimizer-table.ts';

/** Elements of a task: some 40 microseconds at the speed of the memory. */
const CHUNK = 2 ** 15;

/** `VitrailEma`: the average of a whole tree in one pass. */
export const emaKernels: KernelSet = (device) => ({
  VitrailEma({ inputs, attrs }) {
    const given = inputs as Record<string, TensorInfo | undefined>;
    const { momentum } = attrs as { momentum: number };
    const currents = numbered(given, 'current');
    const averages = numbered(given, 'average');
    const outputs = averages.map(({ shape }) => device.output(shape));
    const entries = averages.map((average, i) => ({
      size: sizeOf(average),
      addresses: [average, currents[i], outputs[i]].map((tensor) => device.address(tensor)),
    }));
    launchOverTensors(device, Kernel.Ema, entries, { chunk: CHUNK, floats: [momentum, 1 - momentum] });
    return outputs;
  },
});
