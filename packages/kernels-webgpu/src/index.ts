export type { Precision } from './device.ts';
export type { KernelTime } from './profile.ts';
export {
  profileWebGpuKernels,
  registerWebGpuKernels,
  trySubgroupMatrix,
  type WebGpuKernelOptions,
  type WebGpuKernelReport,
} from './register-webgpu-kernels.ts';
