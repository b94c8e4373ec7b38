import type { TensorInfo } from '@tensorflow/tfjs-core';
import { Kernel } from '../kernel.ts';
import type { KernelSet } from './kernel-set.ts';
import { launchOverTensors, numbered, sizeOf } from './optimizer-table.ts';

/** Elements of a task: some 20 microseconds at the speed of the memory. */
const CHUNK = 2 ** 16;

/**
 * `VitrailGlobalNorm`: sums of squares of fixed chunks in float64, then their sum in order. The total is rounded to float32
 * before the root, so that it overflows where the composition does.
 */
export const globalNormKernels: KernelSet = (device) => ({
  VitrailGlobalNorm({ inputs }) {
    const tensors = numbered(inputs as Record<string, TensorInfo | undefined>, 'x');
    const output = device.output([]);
    const entries = tensors.map((tensor) => ({ size: sizeOf(tensor), addresses: [device.address(tensor)] }));
    const chunks = Math.ceil(entries.reduce((sum, { size }) => sum + size, 0) / CHUNK);
    const total = device.withMemory(8 * chunks, (sums) => {
      launchOverTensors(device, Kernel.GlobalNorm, entries, { chunk: CHUNK, words: [sums] });
      return new Float64Array(device.backend.wasm.HEAPU8.buffer, sums, chunks).reduce((sum, part) => sum + part, 0);
    });
    new Float32Array(device.backend.wasm.HEAPU8.buffer, device.address(output), 1)[0] = Math.sqrt(Math.fround(total));
    return [output];
  },
});
