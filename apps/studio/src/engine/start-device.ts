import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threads from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { startBackend } from '@vitrail/backend';

/** Where to compute: `auto` takes a GPU where there is one, and else the processor. */
export type DeviceRequest = { readonly backend: 'auto' | 'webgpu' | 'wasm'; readonly threads?: number };

/** What computes, and why that. */
export type DeviceReport = {
  readonly name: string;
  readonly reason: string;
  /** Of a GPU: the largest tensor that it can compute with. */
  readonly maximumTensorBytes?: number;
};

const wasmPaths = {
  'tfjs-backend-wasm.wasm': new URL(plain, import.meta.url).href,
  'tfjs-backend-wasm-simd.wasm': new URL(simd, import.meta.url).href,
  'tfjs-backend-wasm-threaded-simd.wasm': new URL(threads, import.meta.url).href,
};

/**
 * Starts the device of this worker.
 *
 * @param onLost called, with the reason, when a GPU is lost; nothing can be computed then until the device is started again
 * @throws `unavailable` when what was asked for by name is not there
 */
export async function startDevice(
  { backend, threads }: DeviceRequest,
  onLost: (reason: string) => void = () => {},
): Promise<DeviceReport> {
  const { name, reason, lost, maximumTensorBytes } = await startBackend(backend, { wasmPaths, threads });
  lost?.then(onLost);
  return { name, reason, maximumTensorBytes };
}
