export type { BackendName, BackendStatus, StartedBackend } from './backend-status.ts';
export { type DetectionOptions, detectBackends } from './detect-backends.ts';
export type { WasmOptions } from './load-wasm.ts';
export type { WebGpuOptions } from './load-webgpu.ts';
export { registerGradients } from './register-gradients.ts';
export { type BackendReport, type StartOptions, startBackend } from './start-backend.ts';
export type { TensorflowOptions } from './tensorflow-installation.ts';
export { type WasmFeatures, wasmFeatures } from './wasm-features.ts';
