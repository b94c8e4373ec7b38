import { homedir } from 'node:os';
import { join } from 'node:path';
import { type StartOptions, startBackend } from '@vitrail/backend';

/** The forms in which tfjs is measured. */
export type TfjsName =
  | 'vitrail'
  | 'vitrail-128'
  | 'composition'
  | 'stock'
  | 'tensorflow'
  | 'webgpu'
  | 'webgpu-f16'
  | 'webgpu-stock';

/** Starts the backend of an engine, and says what runs on how many threads. */
export async function startTfjs(name: TfjsName, threads: number): Promise<{ description: string; threads: number }> {
  if (name === 'vitrail') return { description: await start('wasm', { threads }), threads };
  if (name === 'vitrail-128') return { description: await start('wasm', { threads, vectors: 128 }), threads };
  if (name === 'tensorflow') {
    // TensorFlow reads these once, when it is loaded.
    process.env.TF_NUM_INTRAOP_THREADS = String(threads);
    process.env.TF_NUM_INTEROP_THREADS = String(threads);
    return { description: await start('tensorflow', { tensorflow: { folder: tensorflowFolder() } }), threads };
  }
  if (name === 'webgpu') return { description: await start('webgpu', {}), threads: 1 };
  if (name === 'webgpu-f16') return { description: await start('webgpu', { webgpu: { precision: 'f16' } }), threads: 1 };
  if (name === 'webgpu-stock') return { description: await start('webgpu', { webgpu: { kernels: false } }), threads: 1 };
  return { description: await start('wasm', { kernels: false }), threads: 1 };
}

async function start(name: 'wasm' | 'tensorflow' | 'webgpu', options: StartOptions): Promise<string> {
  return (await startBackend(name, options)).reason;
}

/** Where `vitrail doctor --setup-tensorflow` puts what it builds. */
function tensorflowFolder(): string {
  return join(process.env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'vitrail', 'tensorflow');
}
