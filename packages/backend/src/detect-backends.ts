import { type BackendStatus, backendNames, type StartedBackend } from './backend-status.ts';
import { type AdapterFacts, describeAdapter, isSoftwareAdapter } from './describe-adapter.ts';
import { findGpu, type GpuOptions } from './find-gpu.ts';
import { isNode } from './installed-version.ts';
import { findTensorflow, type TensorflowOptions } from './tensorflow-installation.ts';
import { wasmFeatures } from './wasm-features.ts';
import { whyNoGpu } from './why-no-gpu.ts';

/** What decides where backends are looked for. */
export type DetectionOptions = { readonly tensorflow?: TensorflowOptions; readonly webgpu?: GpuOptions };

const detectors: Readonly<Record<StartedBackend, (options: DetectionOptions) => Promise<BackendStatus>>> = {
  webgpu: ({ webgpu }) => detectWebGpu(webgpu),
  tensorflow: ({ tensorflow }) => detectTensorflow(tensorflow),
  async wasm() {
    const features = wasmFeatures();
    if (typeof WebAssembly !== 'object') {
      return {
        name: 'wasm',
        available: false,
        reason: 'this JavaScript engine has no WebAssembly',
        howToGet: 'use a current browser, or Node 20 or newer, without switches that turn WebAssembly off',
      };
    }
    const simd = features.relaxedSimd ? 'with relaxed SIMD' : features.simd ? 'with SIMD' : 'without SIMD';
    const reason = `WebAssembly ${simd}${features.threads ? ' and threads' : ''}`;
    return { name: 'wasm', available: true, reason };
  },
  async cpu() {
    return { name: 'cpu', available: true, reason: 'plain JavaScript, which runs everywhere and slowly' };
  },
};

/** Whether one backend can be started here. */
export function detectBackend(name: StartedBackend, options: DetectionOptions = {}): Promise<BackendStatus> {
  return detectors[name](options);
}

/**
 * Whether each backend can be started here, the fastest first, with the reason, and with how to get those that cannot. Starts
 * nothing here; in Node the optional package `webgpu`, which alone knows of GPUs, is asked in a process of its own.
 *
 * @param options.tensorflow where TensorFlow was set up, and whether it has to use a GPU
 * @param options.webgpu whether unsafe features may be used
 * @example (await detectBackends()).filter(({ available }) => available).map(({ name }) => name) // ['wasm', 'cpu']
 */
export function detectBackends(options: DetectionOptions = {}): Promise<readonly BackendStatus[]> {
  return Promise.all(backendNames.map((name) => detectBackend(name, options)));
}

async function detectTensorflow({ folder, device }: TensorflowOptions = {}): Promise<BackendStatus> {
  const absent = (reason: string, howToGet: string): BackendStatus => ({
    name: 'tensorflow',
    available: false,
    reason,
    howToGet,
  });
  if (!isNode()) return absent('TensorFlow runs in Node, not in browsers', 'use webgpu or wasm in the browser');
  const search = await findTensorflow(folder);
  if ('missing' in search) {
    return absent(
      search.missing,
      'vitrail doctor --setup-tensorflow, which builds it for the TensorFlow of a Python environment',
    );
  }
  const { packageVersion, tensorflow, isCudaBuild } = search.found;
  if (device === 'gpu' && !isCudaBuild) {
    const { reason, howToGet } = whyNoGpu({ isCudaBuild, hasDriver: false, log: '' });
    return absent(reason, howToGet);
  }
  const build = isCudaBuild ? ' with CUDA' : '';
  return {
    name: 'tensorflow',
    available: true,
    reason: `TensorFlow${tensorflow ? ` ${tensorflow}` : ''}${build}, by tfjs-node ${packageVersion}`,
  };
}

async function detectWebGpu(options: GpuOptions | undefined): Promise<BackendStatus> {
  const search = await findGpu(options);
  if ('missing' in search) return { name: 'webgpu', available: false, reason: search.missing, howToGet: search.howToGet };
  return webGpuStatus(search.found);
}

/** That of an adapter that was found. */
export function webGpuStatus(adapter: AdapterFacts): BackendStatus {
  const reason = describeAdapter(adapter);
  if (!isSoftwareAdapter(adapter)) return { name: 'webgpu', available: true, reason };
  return { name: 'webgpu', available: true, reason: `only a software adapter: ${reason}`, slow: true };
}
