import { backend, type DataType, type TensorInfo } from '@tensorflow/tfjs-core';

/** The part of `BackendWasm` of `@tensorflow/tfjs-backend-wasm` 4.22 that is used here. */
export type TfjsWasmBackend = {
  wasm: TfjsModule;
  dataIdMap: { get(dataId: object): { memoryOffset: number } };
  /** One more tensor has these values. */
  incRef(dataId: object): void;
  disposeData(dataId: object): boolean;
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
};

/** The WebAssembly module of tfjs, as Emscripten shows it. */
export type TfjsModule = {
  /** `memory` is absent in the threaded build. */
  asm: { memory: WebAssembly.Memory; malloc(bytes: number): number };
  HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
};

/** The running `wasm` backend of tfjs. It must be the current backend. */
export function currentWasmBackend(): TfjsWasmBackend {
  return backend() as unknown as TfjsWasmBackend;
}
