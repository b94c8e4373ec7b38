import { getBackend } from '@tensorflow/tfjs-core';

/** Backends whose tensors lie in memory that the host can read without waiting for a device. */
const READABLE: ReadonlySet<string> = new Set(['cpu', 'wasm', 'tensorflow']);

/**
 * Whether the values of tensors lie where the host can read them at once, so that code may look at a number before it goes on. On a GPU
 * that would stall the device, or cannot be done.
 *
 * @example valuesAreOnHost() // true on the backends cpu, wasm and tensorflow
 */
export function valuesAreOnHost(): boolean {
  return READABLE.has(getBackend());
}
