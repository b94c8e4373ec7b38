import { writeFile } from 'node:fs/promises';
import { createRng } from '@vitrail/core';
import type { TensorData } from '../protocol.ts';
import type { Workload } from './workload.ts';

/**
 * Writes the inputs of a workload to a file that every engine reads: float32, little-endian, one tensor after the other.
 *
 * Each input draws from its own stream, named by the workload and the input, so they are the same in every run.
 *
 * @returns where each of them is.
 */
export async function writeInputs({ name, inputs }: Workload, file: string): Promise<TensorData> {
  const rng = createRng(0).fork('bench', name);
  const tensors: TensorData['tensors'] = {};
  const values: Float32Array[] = [];
  let offset = 0;
  for (const [input, { shape, initializer }] of Object.entries(inputs)) {
    const filled = initializer(shape, rng.fork(input));
    tensors[input] = { shape, offset };
    values.push(filled);
    offset += filled.length;
  }
  const all = new Float32Array(offset);
  Object.values(tensors).forEach((tensor, i) => {
    all.set(values[i], tensor.offset);
  });
  await writeFile(file, new Uint8Array(all.buffer));
  return { file, tensors };
}
