import { availableParallelism, cpus, freemem, release, totalmem, type } from 'node:os';
import { version_core as tfjsCore } from '@tensorflow/tfjs-core';
import type { BackendStatus, StartedBackend } from './backend-status.ts';
import { type AdapterDescription, describeAdapterFully } from './describe-adapter.ts';
import { type DetectionOptions, detectBackends } from './detect-backends.ts';
import { findGpu } from './find-gpu.ts';
import { installedVersion } from './installed-version.ts';
import { findTensorflow } from './tensorflow-installation.ts';
import { type WasmFeatures, wasmFeatures } from './wasm-features.ts';
import { gpuState } from './why-no-gpu.ts';

/** What a machine offers for training: nested numbers, texts and truth values, fit to be printed line by line. */
export type MachineDescription = {
  node: string;
  system: string;
  processor: { model: string /** Cores that this process may use. */; cores: number };
  memory: { totalGiB: number; freeGiB: number };
  webAssembly: WasmFeatures;
  /** Versions of the packages that compute, by package name; those that are not installed are left out. */
  packages: Record<string, string>;
  backends: Record<StartedBackend, BackendDescription>;
  /** The adapter that the backend `webgpu` would start on; absent where there is none. */
  webgpu?: AdapterDescription;
  /** The TensorFlow that the backend `tensorflow` would start; absent where there is none. */
  tensorflow?: { version: string; isCudaBuild: boolean /** `yes`, or `no: ` and why not. */; gpu: string };
};

type BackendDescription = BackendStatus extends infer Status
  ? Status extends BackendStatus
    ? Omit<Status, 'name'>
    : never
  : never;

/**
 * Describes the machine this process runs on: engine, processor, memory, WebAssembly features, packages, and every backend with the reason
 * why it can or cannot be started. Starts nothing here; Dawn is asked for a GPU adapter, and a TensorFlow with CUDA whether it sees a GPU,
 * in processes of their own.
 *
 * @example (await describeMachine()).backends.wasm // { available: true, reason: 'WebAssembly with relaxed SIMD and threads' }
 */
export async function describeMachine(options: DetectionOptions = {}): Promise<MachineDescription> {
  // As `unsafe` as it goes, so that it shows all that the adapter has.
  const [statuses, gpu] = await Promise.all([detectBackends(options), findGpu({ unsafe: true })]);
  const backends = statuses.map(({ name, ...status }) => [name, status] as const);
  return {
    node: process.versions.node,
    system: `${type()} ${release()} ${process.arch}`,
    processor: { model: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism() },
    memory: { totalGiB: totalmem() / 2 ** 30, freeGiB: freemem() / 2 ** 30 },
    webAssembly: wasmFeatures(),
    packages: { '@tensorflow/tfjs-core': tfjsCore, ...(await installedPackages()) },
    backends: Object.fromEntries(backends) as Record<StartedBackend, BackendDescription>,
    ...('found' in gpu && { webgpu: describeAdapterFully(gpu.found) }),
    ...(await describeTensorflow(options)),
  };
}

async function describeTensorflow({ tensorflow }: DetectionOptions): Promise<Pick<MachineDescription, 'tensorflow'>> {
  const search = await findTensorflow(tensorflow?.folder);
  if ('missing' in search) return {};
  const { tensorflow: version = 'unknown until it runs', isCudaBuild } = search.found;
  return { tensorflow: { version, isCudaBuild, gpu: await gpuState(search.found) } };
}

async function installedPackages(): Promise<Record<string, string>> {
  const names = [
    '@tensorflow/tfjs-backend-wasm',
    '@tensorflow/tfjs-backend-cpu',
    '@tensorflow/tfjs-backend-webgpu',
    '@tensorflow/tfjs-node-gpu',
    '@tensorflow/tfjs-node',
    'webgpu',
  ];
  const versions = await Promise.all(names.map(async (name) => [name, await installedVersion(name)] as const));
  return Object.fromEntries(versions.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
