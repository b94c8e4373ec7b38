export type { VectorBits } from './kernel-imports.ts';
export { registerWasmKernels, type WasmBuild, type WasmKernelOptions, type WasmKernelReport } from './register-wasm-kernels.ts';
export type { WasmPaths } from './use-shared-memory.ts';
