import { readFile } from 'node:fs/promises';
import type { TensorData } from '../protocol.ts';

/** A tensor on the host. */
export type HostTensor = { shape: readonly number[]; values: Float32Array };

/** The inputs of a workload by name. */
export async function readInputs({ file, tensors }: TensorData): Promise<Record<string, HostTensor>> {
  const bytes = await readFile(file);
  const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, offset }]) => {
      const size = shape.reduce((product, length) => product * length, 1);
      return [name, { shape, values: all.slice(offset, offset + size) }];
    }),
  );
}
