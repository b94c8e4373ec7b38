import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Device } from '../device.ts';
import type { Kernel } from '../kernel.ts';

/** One tensor of a tree, and what the table holds for it after its place: addresses, then numbers. */
export type TableEntry = { size: number; addresses: readonly number[]; floats?: readonly number[] };

/**
 * Runs a kernel over all tensors of a tree at once: as one row of elements, in chunks of `chunk`, whose arguments begin with
 * `Chunks` of `assembly/optimizer-chunks.ts`. The table lies in temporary memory. Every entry has as many addresses and numbers
 * as the others.
 */
export function launchOverTensors(
  device: Device,
  kernel: Kernel,
  entries: readonly TableEntry[],
  { chunk, words = [], floats = [] }: { chunk: number; words?: readonly number[]; floats?: readonly number[] },
): void {
  const filled = entries.filter(({ size }) => size > 0);
  if (filled.length === 0) return;
  const elements = filled.reduce((sum, { size }) => sum + size, 0);
  const entryWords = 2 + filled[0].addresses.length + (filled[0].floats?.length ?? 0);
  device.withMemory(4 * entryWords * filled.length, (table) => {
    const { buffer } = device.backend.wasm.HEAPU8;
    const integers = new Int32Array(buffer, table, entryWords * filled.length);
    const numbers = new Float32Array(buffer, table, entryWords * filled.length);
    let start = 0;
    filled.forEach(({ size, addresses, floats: ownNumbers = [] }, i) => {
      const at = i * entryWords;
      integers.set([start, start + size, ...addresses], at);
      numbers.set(ownNumbers, at + 2 + addresses.length);
      start += size;
    });
    device.launch(kernel, Math.ceil(elements / chunk), [table, filled.length, elements, chunk, ...words], floats);
  });
}

/** The inputs `name0`, `name1`, ... of a kernel, in order. */
export function numbered(inputs: Readonly<Record<string, TensorInfo | undefined>>, name: string): TensorInfo[] {
  const tensors: TensorInfo[] = [];
  for (let next = inputs[`${name}0`]; next !== undefined; next = inputs[`${name}${tensors.length}`]) tensors.push(next);
  return tensors;
}

/** How many values a tensor has. */
export function sizeOf({ shape }: TensorInfo): number {
  return shape.reduce((product, length) => product * length, 1);
}
