import type { TensorInfo } from '@tensorflow/tfjs-core';
import { Kernel } from '../kernel.ts';
import type { KernelSet } from './kernel-set.ts';
import { type AdamAttributes, adamTensors } from './optimizer-adam.ts';
import { sizeOf } from './optimizer-table.ts';

/** Elements of a task: some 40 microseconds at the speed of the memory. */
const CHUNK = 2 ** 14;
/** Words of `Chunk` in `assembly/optimizer-lamb.ts`, and where it has its length. */
const CHUNK_WORDS = 10;
const LENGTH_WORD = 9;

/** `VitrailLamb`: two launches for all parameters, the second for those whose step is as long as they are. */
export const lambKernels: KernelSet = (device) => ({
  VitrailLamb({ inputs, attrs }) {
    const given = inputs as Record<string, TensorInfo | undefined>;
    const { beta1, beta2, epsilon, t, rates, decays } = attrs as AdamAttributes;
    const { params, outputs, addresses } = adamTensors(device, given);
    const chunks = params.flatMap((param, index) => {
      const size = sizeOf(param);
      return Array.from({ length: Math.ceil(size / CHUNK) }, (_, i) => ({
        index,
        count: Math.min(CHUNK, size - i * CHUNK),
        addresses: addresses[index].map((address) => address + 4 * CHUNK * i),
      }));
    });
    const deviationCorrection = Math.sqrt(1 - beta2 ** t);
    const numbers = [
      ...[beta1, 1 - beta1, beta2, 1 - beta2],
      ...[epsilon * deviationCorrection, deviationCorrection / (1 - beta1 ** t)],
    ];
    const tableAt = 16 * chunks.length;
    device.withMemory(tableAt + 4 * CHUNK_WORDS * chunks.length, (memory) => {
      const { buffer } = device.backend.wasm.HEAPU8;
      const words = new Int32Array(buffer, memory + tableAt, CHUNK_WORDS * chunks.length);
      const floats = new Float32Array(buffer, memory + tableAt, CHUNK_WORDS * chunks.length);
      chunks.forEach(({ index, count, addresses: places }, i) => {
        words.set([count, ...places], i * CHUNK_WORDS);
        floats.set([decays[index], rates[index]], i * CHUNK_WORDS + LENGTH_WORD - 1);
      });
      const launch = (moves: 0 | 1) => {
        const scale = device.addressIfAny(given.gradientScale);
        device.launch(Kernel.Lamb, chunks.length, [memory + tableAt, moves, scale, memory], numbers);
      };
      launch(0);
      if (decays.every((decay) => decay === 0)) return;
      const sums = params.map(() => ({ param: 0, direction: 0 }));
      const now = device.backend.wasm.HEAPU8.buffer;
      const ofChunks = new Float64Array(now, memory, 2 * chunks.length);
      const lengths = new Float32Array(now, memory + tableAt, CHUNK_WORDS * chunks.length);
      chunks.forEach(({ index }, i) => {
        sums[index].param += ofChunks[2 * i];
        sums[index].direction += ofChunks[2 * i + 1];
      });
      chunks.forEach(({ index }, i) => {
        lengths[i * CHUNK_WORDS + LENGTH_WORD] = rates[index] * trustRatio(sums[index]);
      });
      launch(1);
    });
    return outputs.flat();
  },
});

/** `||param|| / ||direction||`, or 1 where either is 0 (or NaN), with float32 sums as in the composition. */
function trustRatio(sums: { param: number; direction: number }): number {
  const [param, direction] = [Math.fround(sums.param), Math.fround(sums.direction)];
  return param > 0 && direction > 0 ? Math.sqrt(Math.fround(param / direction)) : 1;
}
