import { homedir } from 'node:os';
import { join } from 'node:path';
import { type BackendReport, type StartOptions, startBackend } from '@vitrail/backend';
import { VitrailError } from '@vitrail/core';

/** What `--backend` takes: the backends, and `tensorflow-gpu`, which refuses a TensorFlow that would compute on the processor. */
export const backendNames = ['auto', 'webgpu', 'tensorflow', 'tensorflow-gpu', 'wasm', 'cpu'] as const;

/** One of {@link backendNames}. */
export type BackendChoice = (typeof backendNames)[number];

/** What `--precision` takes. */
export const precisions = ['f32', 'f16'] as const;

/** How activations are stored. */
export type Precision = (typeof precisions)[number];

/** What every command takes that computes. */
export type BackendOptions = {
  backend: BackendChoice;
  precision: Precision;
  /** Whether features of Chrome that are no part of WebGPU yet may be used. */
  unsafeWebgpu?: boolean;
  /** Of the wasm backend; as many as there are cores by default. */
  threads?: number;
  /** Bits of a vector in the kernels of the wasm backend; what is fastest by default. */
  vectors?: StartOptions['vectors'];
};

/**
 * Starts the backend that was asked for and says on stderr which one runs, and why.
 *
 * @throws `invalid-argument` for options of webgpu with another backend; `unavailable` when it cannot be started here
 */
export async function startAnnouncedBackend({
  backend: choice,
  precision,
  unsafeWebgpu: unsafe = false,
  threads,
  vectors,
}: BackendOptions): Promise<BackendReport> {
  const ofWasm = threads !== undefined ? '--threads' : vectors !== undefined ? '--vectors' : undefined;
  if (ofWasm !== undefined && !['auto', 'wasm'].includes(choice)) {
    throw new VitrailError('invalid-argument', `${ofWasm} goes with the backend wasm, but --backend ${choice}: leave it out`);
  }
  if (!['auto', 'webgpu'].includes(choice)) {
    const option = precision === 'f16' ? '--precision f16' : unsafe ? '--unsafe-webgpu' : undefined;
    if (option !== undefined) throw goesWithWebGpu(option, `--backend ${choice}`);
  }
  const folder = tensorflowFolder();
  const isGpu = choice === 'tensorflow-gpu';
  const report = await startBackend(isGpu ? 'tensorflow' : choice, {
    tensorflow: { folder, ...(isGpu && { device: 'gpu' }) },
    webgpu: { precision, unsafe },
    ...(threads !== undefined && { threads }),
    ...(vectors !== undefined && { vectors }),
  });
  process.stderr.write(`backend: ${report.name} (${report.reason})\n`);
  if (precision === 'f16' && report.name !== 'webgpu') throw goesWithWebGpu('--precision f16', `the backend is ${report.name}`);
  return report;
}

/** The error of an option of webgpu on another backend. */
export function goesWithWebGpu(option: string, came: string): VitrailError {
  return new VitrailError(
    'invalid-argument',
    `${option} goes with the backend webgpu, but ${came}: leave it out, or use --backend webgpu`,
  );
}

/** Where `vitrail doctor --setup-tensorflow` puts what it builds, for each user once: `$XDG_DATA_HOME/vitrail/tensorflow`. */
export function tensorflowFolder(): string {
  return join(process.env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'vitrail', 'tensorflow');
}
