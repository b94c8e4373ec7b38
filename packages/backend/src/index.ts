export type { BackendName, BackendStatus, StartedBackend } from './backend-status.ts';
export { detectBackends } from './detect-backends.ts';
export { registerGradients } from './register-gradients.ts';
export { type BackendReport, startBackend, type WasmPaths } from './start-backend.ts';
export { type WasmFeatures, wasmFeatures } from './wasm-features.ts';
