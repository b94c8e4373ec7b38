import { getKernel, type KernelFunc, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { Device, type Precision } from './device.ts';
import { webGpuKernels } from './kernels/index.ts';
import type { KernelTime } from './profile.ts';
import { backendName, currentWebGpuBackend } from './tfjs-webgpu-backend.ts';
import { useSubgroupMatrix } from './verify-subgroup-matrix.ts';

/** How the kernels compute. */
export type WebGpuKernelOptions = {
  /** `f32` by default; `f16` stores activations as float16 and computes in float32. */
  precision?: Precision;
};

/** What runs. */
export type WebGpuKernelReport = { precision: Precision };

/** The kernels that tfjs itself registers, by name, for the cases that ours leave to them. */
const stock = new Map<string, KernelFunc>();
let installed: Device | undefined;

/**
 * Makes the ops of `@vitrail/ops`, the optimisers of `@vitrail/optim` and the averages of `@vitrail/ema` faster on the `webgpu` backend of
 * tfjs, which must run already. Nothing else changes for who calls them. A second call may change the precision
 * of what is computed from then on.
 *
 * @throws `unavailable` where the webgpu backend does not run, or its device cannot compute in float16 and that was asked for;
 *   `unknown-name` for another precision
 * @example registerWebGpuKernels({ precision: 'f16' }) // { precision: 'f16' }
 */
export function registerWebGpuKernels({ precision = 'f32' }: WebGpuKernelOptions = {}): WebGpuKernelReport {
  const backend = currentWebGpuBackend();
  if (precision !== 'f32' && precision !== 'f16') {
    throw new VitrailError('unknown-name', `a precision is f32 or f16, but "${precision}" came`);
  }
  if (precision === 'f16' && !backend.device.features.has('shader-f16')) {
    throw new VitrailError(
      'unavailable',
      'precision f16 needs a GPU device with the feature shader-f16, which this one does not have: use f32',
    );
  }
  if (installed?.backend === backend) {
    installed.precision = precision;
    return { precision };
  }
  const device = new Device(backend, precision);
  for (const [kernelName, kernelFunc] of Object.entries(webGpuKernels(device, stockKernel))) {
    const before = getKernel(kernelName, backendName);
    if (before !== undefined) {
      if (!stock.has(kernelName)) stock.set(kernelName, before.kernelFunc);
      unregisterKernel(kernelName, backendName);
    }
    registerKernel({ ...before, kernelName, backendName, kernelFunc: (call) => device.run(() => kernelFunc(call)) });
  }
  installed = device;
  return { precision };
}

function stockKernel(name: string): KernelFunc {
  const kernel = stock.get(name) ?? getKernel(name, backendName)?.kernelFunc;
  if (kernel === undefined) throw new VitrailError('unknown-name', `tfjs has no kernel ${name} for the webgpu backend`);
  return kernel;
}

/**
 * Lets products of halves use the matrix units of the GPU (subgroup matrices), where the device was opened with them and they agree with
 * the float32 kernel when they are tried, which this waits for. Elsewhere nothing changes.
 *
 * @returns a warning to show where the device has them but they are not used
 * @throws `unavailable` where the kernels are not registered
 */
export async function trySubgroupMatrix(): Promise<string | undefined> {
  if (installed === undefined)
    throw new VitrailError('unavailable', 'there are no kernels yet: call registerWebGpuKernels first');
  return await useSubgroupMatrix(installed);
}

/**
 * Times every launch on the GPU until the function returned is called, which gives the times by kernel, the longest first. Launches run one
 * after the other meanwhile, so a step takes longer than without.
 *
 * @throws `unavailable` where the kernels are not registered, the device has no feature `timestamp-query`, or launches are timed already
 * @example const stop = profileWebGpuKernels(); step(); await stop() // [{ kernel: 'matmul', launches: 96, milliseconds: 12.3 }, ...]
 */
export function profileWebGpuKernels(): () => Promise<KernelTime[]> {
  if (installed === undefined)
    throw new VitrailError('unavailable', 'there is nothing to time: call registerWebGpuKernels first');
  return installed.startProfile();
}
