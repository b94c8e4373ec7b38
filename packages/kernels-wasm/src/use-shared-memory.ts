import { VitrailError } from '@vitrail/core';
import { importBuiltin, isNode } from './environment.ts';
import { withSharedMemory } from './shared-memory.ts';

/** Where a browser finds the `.wasm` files of `@tensorflow/tfjs-backend-wasm`: a folder's URL with its slash at the end, or one URL each. */
export type WasmPaths =
  | string
  | Readonly<Record<'tfjs-backend-wasm.wasm' | 'tfjs-backend-wasm-simd.wasm' | 'tfjs-backend-wasm-threaded-simd.wasm', string>>;

const simdBinary = 'tfjs-backend-wasm-simd.wasm';

/** Whether this program may share memory between threads: always in Node, in a browser on pages that are cross-origin isolated. */
export function canShareMemory(): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && (isNode() || globalThis.crossOriginIsolated === true);
}

/** Whether threads share this memory. */
export function isShared(memory: WebAssembly.Memory): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;
}

/**
 * Has tfjs start its wasm backend on a memory that threads can share: its own SIMD binary, with the memory declared so.
 *
 * @throws `unavailable` where memory cannot be shared; `invalid-argument` in a browser without `wasmPaths`; `missing-data` if the binary
 *   cannot be read.
 */
export async function useSharedMemory(
  wasmPaths: WasmPaths | undefined,
  setWasmPaths: (paths: Record<string, string>, usePlatformFetch: boolean) => void,
): Promise<void> {
  if (!canShareMemory()) {
    throw new VitrailError(
      'unavailable',
      'several threads need shared memory, which browsers give only to pages served with the headers ' +
        'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp',
    );
  }
  const binary = withSharedMemory(await (isNode() ? readFromPackage() : download(wasmPaths)));
  const url = URL.createObjectURL(new Blob([binary], { type: 'application/wasm' }));
  const usePlatformFetch = true;
  setWasmPaths(
    { 'tfjs-backend-wasm.wasm': url, 'tfjs-backend-wasm-simd.wasm': url, 'tfjs-backend-wasm-threaded-simd.wasm': url },
    usePlatformFetch,
  );
}

async function readFromPackage(): Promise<Uint8Array> {
  const { createRequire } = await importBuiltin<typeof import('node:module')>('node:module');
  const { readFile } = await importBuiltin<typeof import('node:fs/promises')>('node:fs/promises');
  return await readFile(createRequire(import.meta.url).resolve(`@tensorflow/tfjs-backend-wasm/dist/${simdBinary}`));
}

async function download(wasmPaths: WasmPaths | undefined): Promise<Uint8Array> {
  if (wasmPaths === undefined) {
    throw new VitrailError(
      'invalid-argument',
      'several threads in a browser need wasmPaths, the URL of the folder with the .wasm files of @tensorflow/tfjs-backend-wasm, but none came',
    );
  }
  const url = typeof wasmPaths === 'string' ? wasmPaths + simdBinary : wasmPaths[simdBinary];
  const response = await fetch(url, { credentials: 'same-origin' });
  if (!response.ok)
    throw new VitrailError('missing-data', `expected the wasm binary of tfjs at ${url}, but got status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
