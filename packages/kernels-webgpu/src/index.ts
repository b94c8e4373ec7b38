export type { Precision } from './device.ts';
export { registerWebGpuKernels, type WebGpuKernelOptions, type WebGpuKernelReport } from './register-webgpu-kernels.ts';
