import { engine, env, registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { type Precision, registerWebGpuKernels } from '@vitrail/kernels-webgpu';
import { describeAdapter, isSoftwareAdapter } from './describe-adapter.ts';
import { findGpu, type GpuOptions } from './find-gpu.ts';

/** How the webgpu backend runs. */
export type WebGpuOptions = GpuOptions & {
  /** `f32` by default; `f16` stores activations as float16. */
  readonly precision?: Precision;
  /** Whether the kernels of `@vitrail/kernels-webgpu` take the place of those of tfjs. They do by default. */
  readonly kernels?: boolean;
};

/** What runs, and the end of it. */
export type WebGpuReport = {
  readonly reason: string;
  /** Resolves, to why, when the device is lost: a driver that crashed or was updated, a GPU that was unplugged. */
  readonly lost: Promise<string>;
};

/** Used where the adapter has them. */
const FEATURES = [
  'shader-f16',
  'subgroups',
  'timestamp-query',
  'bgra8unorm-storage',
  'chromium-experimental-subgroup-matrix',
] as const;

/** Asked for up to what the adapter has: devices get the defaults otherwise, 128 MiB per binding. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
] as const;

let running: { readonly device: GPUDevice; readonly report: WebGpuReport } | undefined;

/**
 * Opens a GPU device, registers the webgpu backend of tfjs on it, with its kernels, and says what runs. A device that was opened before and
 * is not lost is used again.
 *
 * @throws `unavailable` where there is no adapter, or it does not have what was asked for
 */
export async function loadWebGpu({ precision = 'f32', kernels = true, unsafe }: WebGpuOptions): Promise<WebGpuReport> {
  running ??= await open({ unsafe });
  if (!kernels) return running.report;
  const report = registerWebGpuKernels({ precision });
  return { ...running.report, reason: `${running.report.reason}, ${report.precision}` };
}

async function open(options: GpuOptions): Promise<{ device: GPUDevice; report: WebGpuReport }> {
  const found = await findGpu(options);
  if ('missing' in found) {
    throw new VitrailError('unavailable', `there is no GPU: ${found.missing}. What to do: ${found.howToGet}`);
  }
  const { adapter, gpu } = found;
  const device = await adapter.requestDevice({
    requiredFeatures: FEATURES.filter((name) => adapter.features.has(name)) as GPUFeatureName[],
    requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
  });
  await registerTfjsBackend(device, adapter.info, gpu);
  const lost = device.lost.then(({ reason, message }) => {
    running = undefined;
    return message || reason;
  });
  const kind = isSoftwareAdapter(adapter) ? 'a software adapter, which computes on the processor: ' : '';
  return { device, report: { reason: `${kind}${describeAdapter(adapter)}`, lost } };
}

async function registerTfjsBackend(device: GPUDevice, info: GPUAdapterInfo, gpu: GPU): Promise<void> {
  // tfjs looks for WebGPU here, also in Node.
  if (globalThis.navigator?.gpu === undefined) {
    Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  }
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  // tfjs submits every 15 launches by default; each submission costs some ten launches.
  env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', 64);
  if ('webgpu' in engine().registryFactory) removeBackend('webgpu');
  registerBackend('webgpu', () => new WebGPUBackend(device, info), 3);
}
