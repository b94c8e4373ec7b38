import { getBackend, ready, scalar, setBackend } from '@tensorflow/tfjs-core';
import { nearestName, VitrailError } from '@vitrail/core';
import { type BackendName, type BackendStatus, backendNames, type StartedBackend } from './backend-status.ts';
import { detectBackend, detectBackends } from './detect-backends.ts';
import { loadTensorflow } from './load-tensorflow.ts';
import { loadWasm, type WasmOptions } from './load-wasm.ts';
import { loadWebGpu, type WebGpuOptions } from './load-webgpu.ts';
import { quietly } from './quietly.ts';
import { registerGradients } from './register-gradients.ts';
import type { TensorflowOptions } from './tensorflow-installation.ts';

/** Which backend runs, and why this one. */
export type BackendReport = {
  name: StartedBackend;
  reason: string;
  /** Of webgpu: resolves, to why, when the device is lost. Nothing can be computed on it any more; starting webgpu again opens another. */
  lost?: Promise<string>;
  /** Of webgpu: the largest tensor that the device can compute with, in bytes. */
  maximumTensorBytes?: number;
};

/** What the backends want to know; each looks at its own. */
export type StartOptions = WasmOptions & {
  readonly tensorflow?: TensorflowOptions;
  readonly webgpu?: WebGpuOptions;
};

/**
 * Starts a tfjs backend, makes it the current one and registers all gradients. Never starts another one than it says.
 *
 * `auto` takes the first available of webgpu (on a GPU, not on a software adapter), tensorflow, wasm and cpu, and says in `reason` what kept
 * it from a faster one. If that one fails to start, it fails too, and does not go on to a slower one.
 *
 * @param options.wasmPaths used when wasm is started for the first time
 * @param options.threads of the wasm backend
 * @param options.vectors of the kernels of the wasm backend, 128 or 256 bits
 * @param options.kernels false for the wasm backend as tfjs has it
 * @param options.webgpu precision and features of the webgpu backend; `kernels: false` for it as tfjs has it
 * @param options.tensorflow where TensorFlow was set up; `device: 'gpu'` refuses a TensorFlow that would compute on the processor
 * @throws `unavailable` when the backend cannot be started here, with the reason and what to do; `unknown-name` for another name;
 *   `invalid-argument` for options that do not go together.
 *
 * @example await startBackend('wasm') // { name: 'wasm', reason: 'WebAssembly with relaxed SIMD of 256 bits and 2 threads' }
 */
export async function startBackend(name: BackendName, options: StartOptions = {}): Promise<BackendReport> {
  const choice = name === 'auto' ? chooseBest(await detectBackends(options)) : await requireAvailable(name, options);
  const previous = getBackend();
  const found = await load(choice.name, options);
  if (!(await setBackend(choice.name))) {
    if (previous) await setBackend(previous);
    throw new VitrailError(
      'unavailable',
      `the backend ${choice.name} could not be started: tfjs's warning before this says why. In a browser, pass wasmPaths, ` +
        'the URL of the folder with the .wasm files of @tensorflow/tfjs-backend-wasm',
    );
  }
  await ready();
  await registerGradients();
  const reason = [found?.reason ?? choice.reason, ...choice.missing].join('; ');
  return { ...found, name: choice.name, reason };
}

/** A backend to start, why it can be started, and what kept a faster one from being chosen. */
type Choice = { name: StartedBackend; reason: string; missing: readonly string[] };

function chooseBest(statuses: readonly BackendStatus[]): Choice {
  const best = statuses.findIndex((status) => status.available && !status.slow);
  const { name, reason } = statuses[best];
  const missing = statuses.slice(0, best).map((status) => `no ${status.name}: ${status.reason}`);
  return { name, reason, missing };
}

async function requireAvailable(name: StartedBackend, options: StartOptions): Promise<Choice> {
  if (!backendNames.includes(name)) {
    const nearest = nearestName(name, ['auto', ...backendNames]);
    throw new VitrailError(
      'unknown-name',
      `a backend is one of auto, ${backendNames.join(', ')}, but "${name}" came${nearest ? `; did you mean "${nearest}"?` : ''}`,
    );
  }
  const status = await detectBackend(name, options);
  if (status.available) return { name, reason: status.reason, missing: [] };
  throw new VitrailError('unavailable', `the backend ${name} is not there: ${status.reason}. What to do: ${status.howToGet}`);
}

/** Loads the package of a backend, which registers it and its kernels. Returns what only loading it could tell. */
async function load(name: StartedBackend, options: StartOptions): Promise<Omit<BackendReport, 'name'> | undefined> {
  if (name === 'webgpu') return await loadWebGpu(options.webgpu ?? {});
  if (name === 'tensorflow') return { reason: await loadTensorflow(options.tensorflow ?? {}) };
  if (name === 'cpu') {
    await import('@tensorflow/tfjs-backend-cpu');
    // Its first tensor makes this backend advise to install another one.
    await quietly(async () => {
      const previous = getBackend();
      await setBackend('cpu');
      scalar(0).dispose();
      if (previous) await setBackend(previous);
    });
    return;
  }
  return { reason: await loadWasm(options) };
}
