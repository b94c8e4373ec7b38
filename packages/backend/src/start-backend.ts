import { getBackend, ready, scalar, setBackend } from '@tensorflow/tfjs-core';
import { nearestName, VitrailError } from '@vitrail/core';
import { type BackendName, type BackendStatus, backendNames, type StartedBackend } from './backend-status.ts';
import { detectBackend, detectBackends } from './detect-backends.ts';
import { quietly } from './quietly.ts';
import { registerGradients } from './register-gradients.ts';

/** Which backend runs, and why this one. */
export type BackendReport = { name: StartedBackend; reason: string };

/** Where a browser finds the `.wasm` files of `@tensorflow/tfjs-backend-wasm`: a folder's URL with its slash at the end, or one URL each. */
export type WasmPaths =
  | string
  | Readonly<Record<'tfjs-backend-wasm.wasm' | 'tfjs-backend-wasm-simd.wasm' | 'tfjs-backend-wasm-threaded-simd.wasm', string>>;

/**
 * Starts a tfjs backend, makes it the current one and registers all gradients. Never starts another one than it says.
 *
 * `auto` takes the first available of webgpu, tensorflow, wasm and cpu, and says in `reason` what kept it from a faster one. If that one
 * fails to start, it fails too, and does not go on to a slower one.
 *
 * @param options.wasmPaths used when wasm is started for the first time; needed in browsers whose bundler does not serve the files.
 * @throws `unavailable` when the backend cannot be started here, with the reason and what to do; `unknown-name` for another name.
 *
 * @example await startBackend('wasm') // { name: 'wasm', reason: 'WebAssembly with SIMD, one thread' }
 */
export async function startBackend(name: BackendName, { wasmPaths }: { wasmPaths?: WasmPaths } = {}): Promise<BackendReport> {
  const report = name === 'auto' ? chooseBest(await detectBackends()) : await requireAvailable(name);
  const previous = getBackend();
  await load(report.name, wasmPaths);
  if (!(await setBackend(report.name))) {
    if (previous) await setBackend(previous);
    throw new VitrailError(
      'unavailable',
      `the backend ${report.name} could not be started: tfjs's warning before this says why. In a browser, pass wasmPaths, ` +
        'the URL of the folder with the .wasm files of @tensorflow/tfjs-backend-wasm',
    );
  }
  await ready();
  await registerGradients();
  return report;
}

function chooseBest(statuses: readonly BackendStatus[]): BackendReport {
  const best = statuses.findIndex(({ available }) => available);
  const { name, reason } = statuses[best];
  const missing = statuses.slice(0, best).map((status) => `no ${status.name}: ${status.reason}`);
  return { name, reason: [reason, ...missing].join('; ') };
}

async function requireAvailable(name: StartedBackend): Promise<BackendReport> {
  if (!backendNames.includes(name)) {
    const nearest = nearestName(name, ['auto', ...backendNames]);
    throw new VitrailError(
      'unknown-name',
      `a backend is one of auto, ${backendNames.join(', ')}, but "${name}" came${nearest ? `; did you mean "${nearest}"?` : ''}`,
    );
  }
  const status = await detectBackend(name);
  if (status.available) return { name, reason: status.reason };
  throw new VitrailError('unavailable', `the backend ${name} is not there: ${status.reason}. What to do: ${status.howToGet}`);
}

/** Loads the package of a backend, which registers it and its kernels. */
async function load(name: StartedBackend, wasmPaths: WasmPaths | undefined): Promise<void> {
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
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  if (wasmPaths === undefined) return;
  try {
    setWasmPaths(wasmPaths);
  } catch (cause) {
    throw new VitrailError('invalid-argument', `wasmPaths could not be set: ${(cause as Error).message}`, { cause });
  }
}
