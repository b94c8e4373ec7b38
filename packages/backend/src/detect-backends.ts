import { type BackendStatus, backendNames, type StartedBackend } from './backend-status.ts';
import { installedVersion, isNode } from './installed-version.ts';
import { wasmFeatures } from './wasm-features.ts';

const notStartedYet = 'this version of @vitrail/backend starts only wasm and cpu; ask for wasm';

const detectors: Readonly<Record<StartedBackend, () => Promise<BackendStatus>>> = {
  webgpu: () => (isNode() ? detectDawn() : detectBrowserGpu()),
  tensorflow: detectTensorflow,
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
    const reason = `WebAssembly ${features.simd ? 'with' : 'without'} SIMD${isNode() ? ', one thread' : ''}`;
    return { name: 'wasm', available: true, reason };
  },
  async cpu() {
    return { name: 'cpu', available: true, reason: 'plain JavaScript, which runs everywhere and slowly' };
  },
};

/** Whether one backend can be started here. */
export function detectBackend(name: StartedBackend): Promise<BackendStatus> {
  return detectors[name]();
}

/**
 * Whether each backend can be started here, the fastest first, with the reason, and with how to get those that cannot. Starts nothing and
 * loads no optional package.
 *
 * In this version `webgpu` and `tensorflow` are looked for but never available.
 *
 * @example (await detectBackends()).filter(({ available }) => available).map(({ name }) => name) // ['wasm', 'cpu']
 */
export function detectBackends(): Promise<readonly BackendStatus[]> {
  return Promise.all(backendNames.map(detectBackend));
}

async function detectTensorflow(): Promise<BackendStatus> {
  const absent = (reason: string, howToGet: string): BackendStatus => ({
    name: 'tensorflow',
    available: false,
    reason,
    howToGet,
  });
  if (!isNode()) return absent('TensorFlow runs in Node, not in browsers', 'use webgpu or wasm in the browser');
  for (const name of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']) {
    const version = await installedVersion(name);
    if (version !== undefined) return absent(`${name} ${version} is installed, but cannot be used yet`, notStartedYet);
  }
  return absent('neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node is installed', notStartedYet);
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
