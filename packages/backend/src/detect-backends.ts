import { type BackendStatus, backendNames, type StartedBackend } from './backend-status.ts';
import { installedVersion, isNode } from './installed-version.ts';
import { findTensorflow, type TensorflowOptions } from './tensorflow-installation.ts';
import { wasmFeatures } from './wasm-features.ts';
import { whyNoGpu } from './why-no-gpu.ts';

/** What decides where backends are looked for. */
export type DetectionOptions = { readonly tensorflow?: TensorflowOptions };

const notStartedYet = 'this version of @vitrail/backend does not start webgpu; ask for tensorflow or wasm';

const detectors: Readonly<Record<StartedBackend, (options: DetectionOptions) => Promise<BackendStatus>>> = {
  webgpu: () => (isNode() ? detectDawn() : detectBrowserGpu()),
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
 * Whether each backend can be started here, the fastest first, with the reason, and with how to get those that cannot. Starts nothing and
 * loads no optional package.
 *
 * In this version `webgpu` is looked for but never available.
 *
 * @param options.tensorflow where TensorFlow was set up, and whether it has to use a GPU
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

/** Node has no GPU of its own: Dawn, the WebGPU of Chrome, comes as the package `webgpu`. */
async function detectDawn(): Promise<BackendStatus> {
  const version = await installedVersion('webgpu');
  const reason =
    version === undefined
      ? 'the package webgpu is not installed'
      : `the package webgpu ${version} is installed, but cannot be used yet`;
  return { name: 'webgpu', available: false, reason, howToGet: notStartedYet };
}

/** The part of `navigator.gpu` that is asked here. */
type BrowserGpu = { requestAdapter(): Promise<{ info?: { vendor?: string; architecture?: string } } | null> };

async function detectBrowserGpu(): Promise<BackendStatus> {
  const absent = (reason: string, howToGet: string): BackendStatus => ({ name: 'webgpu', available: false, reason, howToGet });
  const { gpu } = (globalThis.navigator ?? {}) as { gpu?: BrowserGpu };
  if (gpu === undefined)
    return absent('this browser has no WebGPU, or not on this page', 'use a current browser and serve the page by https');
  const adapter = await gpu.requestAdapter().catch(() => null);
  if (adapter === null)
    return absent('the browser gives no GPU adapter', 'update the graphics driver, or see chrome://gpu for what is blocked');
  const name = [adapter.info?.vendor, adapter.info?.architecture].filter(Boolean).join(' ') || 'without a name';
  return absent(`the browser has a GPU adapter (${name}), but it cannot be used yet`, notStartedYet);
}
