import { getKernel } from '@tensorflow/tfjs-core';
import { isVitrailError, VitrailError } from '@vitrail/core';
import { registerWasmKernels, type VectorBits, type WasmPaths } from '@vitrail/kernels-wasm';
import { wasmFeatures } from './wasm-features.ts';

/** How the wasm backend runs. */
export type WasmOptions = {
  /** Where a browser finds the `.wasm` files of `@tensorflow/tfjs-backend-wasm`; needed if the bundler does not serve them, and for threads. */
  readonly wasmPaths?: WasmPaths;
  /** Threads that share the work; by default as many as there are cores, and 1 where memory cannot be shared. */
  readonly threads?: number;
  /** Bits of a vector in the kernels, 128 or 256; by default what is faster here, see `registerWasmKernels`. Results are the same. */
  readonly vectors?: VectorBits;
  /** Whether the kernels of `@vitrail/kernels-wasm` take the place of those of tfjs. They do by default. */
  readonly kernels?: boolean;
};

/**
 * Loads the wasm backend with its kernels, and says what runs.
 *
 * @throws `unavailable` where what was asked for cannot be had; `invalid-argument` for `wasmPaths` that tfjs refuses
 */
export async function loadWasm(options: WasmOptions): Promise<string> {
  try {
    return await load(options);
  } catch (cause) {
    if (isVitrailError(cause)) throw cause;
    throw new VitrailError('invalid-argument', `the wasm backend could not be set up: ${(cause as Error).message}`, { cause });
  }
}

async function load({ wasmPaths, threads, vectors, kernels = true }: WasmOptions): Promise<string> {
  if (kernels && wasmFeatures().simd) {
    const report = await registerWasmKernels({ threads, vectors, wasmPaths });
    const simd = report.build === 'relaxed' ? 'relaxed SIMD' : 'SIMD';
    return `WebAssembly with ${simd} of ${report.vectors} bits and ${report.threads === 1 ? 'one thread' : `${report.threads} threads`}`;
  }
  if (threads !== undefined && threads !== 1) {
    throw new VitrailError('unavailable', `the kernels of tfjs run on one thread, but ${threads} were asked for`);
  }
  if (vectors === 256)
    throw new VitrailError('unavailable', 'the kernels of tfjs have vectors of 128 bits, but 256 were asked for');
  if (getKernel('VitrailLinear', 'wasm') !== undefined) {
    throw new VitrailError(
      'unavailable',
      'the kernels of @vitrail/kernels-wasm are in place and stay: start wasm with kernels: false in a process of its own',
    );
  }
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  if (wasmPaths !== undefined) setWasmPaths(wasmPaths);
  return 'WebAssembly with the kernels of tfjs and one thread';
}
