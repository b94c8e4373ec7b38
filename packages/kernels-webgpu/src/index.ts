export type { Precision } from './device.ts';
export type { KernelTime } from './profile.ts';
export {
  profileWebGpuKernels,
  registerWebGpuKernels,
  type WebGpuKernelOptions,
  type WebGpuKernelReport,
} from './register-webgpu-kernels.ts';
