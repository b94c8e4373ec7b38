import { VitrailError } from '@vitrail/core';
import type { TfjsModule } from './tfjs-wasm-backend.ts';

/** Bytes that 32-bit addresses reach. */
const ADDRESS_SPACE = 2 ** 32;

/**
 * Makes the allocations of tfjs tensors fail with an error when the memory (at most 4 GiB) is full. Left alone, tfjs takes the
 * address 0 that then comes for a place to write to, and ends in `Aborted()`. Nothing is written before the error, so that a
 * program that disposes tensors can go on.
 */
export function checkAllocations(module: TfjsModule): void {
  const { malloc } = module.asm;
  module._malloc = (bytes) => {
    // malloc itself counts modulo 2^32, and would hand out a block that is too small.
    const address = bytes < ADDRESS_SPACE ? malloc(bytes) : 0;
    if (address === 0 && bytes > 0) {
      const gibibytes = (module.HEAPU8.length / 2 ** 30).toFixed(2);
      throw new VitrailError(
        'unavailable',
        `out of memory: the wasm backend found no room for ${bytes} bytes in the ${gibibytes} GiB that it has taken of the 4 GiB ` +
          'that WebAssembly can have. Use a smaller batch or model, or dispose tensors',
      );
    }
    return address;
  };
}
