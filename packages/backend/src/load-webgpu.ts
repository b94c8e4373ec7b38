import { engine, env, getKernel, registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { type Precision, registerWebGpuKernels, trySubgroupMatrix } from '@vitrail/kernels-webgpu';
import { adapterFeatures, adapterLimits, describeAdapter, isSoftwareAdapter, unsafeFeature } from './describe-adapter.ts';
import { type GpuOptions, openAdapter } from './find-gpu.ts';

/** How the webgpu backend runs. */
export type WebGpuOptions = GpuOptions & {
  /** `f32` by default; `f16` stores activations as float16 and computes with them in float32. */
  readonly precision?: Precision;
  /** Whether the kernels of `@vitrail/kernels-webgpu` take the place of those of tfjs. They do by default. */
  readonly kernels?: boolean;
};

/** What runs, and the end of it. */
export type WebGpuReport = {
  readonly reason: string;
  /** Resolves, to why, when the device is lost: a driver that crashed or was updated, a GPU that was unplugged. */
  readonly lost: Promise<string>;
  /** The largest tensor that the device can compute with. */
  readonly maximumTensorBytes: number;
};

/** Launches that are submitted together. tfjs takes 15, and each submission costs some ten launches. */
const LAUNCHES_PER_SUBMISSION = 64;

/** The device that was opened last, until it is lost. */
let running: Promise<Opened> | undefined;

type Opened = { readonly unsafe: boolean; readonly report: WebGpuReport };

/**
 * Opens a GPU device, registers the webgpu backend of tfjs on it, with its kernels, and says what runs. A device that was opened before and
 * is not lost is used again.
 *
 * @throws `unavailable` where there is no adapter, or it does not have what was asked for; `unknown-name` for another precision;
 *   `invalid-argument` for precision f16 without the kernels that know it
 */
export async function loadWebGpu({ precision, kernels = true, unsafe = false }: WebGpuOptions): Promise<WebGpuReport> {
  if (!kernels) requireStockKernels(precision);
  running ??= openUntilLost(unsafe);
  const opened = await running;
  if (unsafe && !opened.unsafe) {
    throw new VitrailError(
      'unavailable',
      'the GPU device was opened without unsafe features and stays: start webgpu with unsafe: true first, or in a process of its own',
    );
  }
  const { report } = opened;
  if (!kernels) return { ...report, reason: `${report.reason}, with the kernels of tfjs` };
  const reason = `${report.reason}, precision ${registerWebGpuKernels({ precision }).precision}`;
  const warning = unsafe ? await trySubgroupMatrix() : undefined;
  return { ...report, reason: warning === undefined ? reason : `${reason}; ${warning}` };
}

function requireStockKernels(precision: Precision | undefined): void {
  if (precision === 'f16') {
    throw new VitrailError(
      'invalid-argument',
      'precision f16 is known to the kernels of @vitrail/kernels-webgpu only: leave out kernels: false, or use f32',
    );
  }
  if (getKernel('VitrailLinear', 'webgpu') !== undefined) {
    throw new VitrailError(
      'unavailable',
      'the kernels of @vitrail/kernels-webgpu are in place and stay: start webgpu with kernels: false in a process of its own',
    );
  }
}

/** Another call may open another device once this one is lost, or could not be opened. */
function openUntilLost(unsafe: boolean): Promise<Opened> {
  const opening = open(unsafe);
  const forget = () => {
    if (running === opening) running = undefined;
  };
  opening.then(({ report }) => report.lost.then(forget), forget);
  return opening;
}

async function open(unsafe: boolean): Promise<Opened> {
  const search = await openAdapter({ unsafe });
  if ('missing' in search) {
    throw new VitrailError('unavailable', `there is no GPU: ${search.missing}. What to do: ${search.howToGet}`);
  }
  const adapter = search.found;
  const wanted = [...Object.keys(adapterFeatures), ...(unsafe ? [unsafeFeature] : [])];
  const device = await openDevice(adapter, wanted);
  await registerTfjsBackend(device, adapter.info);
  const lost = device.lost.then(({ reason, message }) => message || reason);
  const kind = isSoftwareAdapter(adapter) ? 'a software adapter, which computes on the processor: ' : '';
  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
  const maximumTensorBytes = Math.min(maxBufferSize, maxStorageBufferBindingSize);
  return { unsafe, report: { reason: `${kind}${describeAdapter(adapter)}`, lost, maximumTensorBytes } };
}

async function openDevice(adapter: GPUAdapter, features: readonly string[]): Promise<GPUDevice> {
  try {
    return await adapter.requestDevice({
      requiredFeatures: features.filter((name) => adapter.features.has(name)) as GPUFeatureName[],
      requiredLimits: Object.fromEntries(adapterLimits.map((name) => [name, adapter.limits[name]])),
    });
  } catch (cause) {
    const { message } = cause as Error;
    throw new VitrailError('unavailable', `the GPU (${describeAdapter(adapter)}) gives no device: ${message}`, { cause });
  }
}

async function registerTfjsBackend(device: GPUDevice, info: GPUAdapterInfo): Promise<void> {
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', LAUNCHES_PER_SUBMISSION);
  // That of tfjs itself, which asks for other features, or one whose device was lost.
  if ('webgpu' in engine().registryFactory) removeBackend('webgpu');
  registerBackend('webgpu', () => withNavigatorGpu(() => new WebGPUBackend(device, info)), 3);
}

/** Runs `f` where there is a `navigator.gpu`: tfjs looks whether there is one, also when it is given a device. In Node 20 there is no navigator. */
function withNavigatorGpu<T>(f: () => T): T {
  if (globalThis.navigator?.gpu !== undefined) return f();
  const [owner, name, value] =
    globalThis.navigator === undefined
      ? ([globalThis, 'navigator', { gpu: true }] as const)
      : ([navigator, 'gpu', true] as const);
  Object.defineProperty(owner, name, { value, configurable: true });
  try {
    return f();
  } finally {
    Reflect.deleteProperty(owner, name);
  }
}
