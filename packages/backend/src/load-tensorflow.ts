import { findBackend, findBackendFactory, type KernelBackend, registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { registerTensorflowKernels } from '@vitrail/kernels-tensorflow';
import { importBuiltin } from './import-builtin.ts';
import { quietly } from './quietly.ts';
import { findTensorflow, type TensorflowInstallation, type TensorflowOptions } from './tensorflow-installation.ts';
import { gpuFacts, whyNoGpu } from './why-no-gpu.ts';

/** The part of tfjs-node's addon that is asked here. */
type Addon = { readonly TF_Version: string; isUsingGpuDevice(): boolean };

/**
 * Loads tfjs-node and registers the backend `tensorflow` with its kernels, and those of `@vitrail/kernels-tensorflow`.
 *
 * Of tfjs-node only its backend and kernels are loaded, not its main file: that one brings all of `@tensorflow/tfjs` with it and makes itself
 * the current backend. A program that has already imported `@tensorflow/tfjs-node` keeps what it has.
 *
 * @returns which TensorFlow runs, and on what
 * @throws `unavailable` when it is not there or cannot be loaded, or when a GPU was asked for and TensorFlow sees none
 */
export async function loadTensorflow({ folder, device }: TensorflowOptions): Promise<string> {
  const search = await findTensorflow(folder);
  if ('missing' in search) throw new VitrailError('unavailable', `the backend tensorflow is not there: ${search.missing}`);
  const installation = search.found;
  const addon = addonInUse() ?? (await loadAddon(installation));
  if (device === 'gpu' && !addon.isUsingGpuDevice()) {
    const { reason, howToGet } = whyNoGpu(await gpuFacts(installation));
    throw new VitrailError(
      'unavailable',
      `a GPU was asked for, but TensorFlow would compute on the processor: ${reason}. What to do: ${howToGet}`,
    );
  }
  await registerTfjsNode(installation, addon);
  registerTensorflowKernels();
  return describe(installation, addon);
}

/** The addon of a tfjs-node that was loaded before, by this or by the program itself: a second one would be a second TensorFlow. */
function addonInUse(): Addon | undefined {
  const backend = findBackend('tensorflow') as (KernelBackend & { binding: Addon }) | null;
  return backend?.binding;
}

async function registerTfjsNode({ packageFolder }: TensorflowInstallation, addon: Addon): Promise<void> {
  if (findBackendFactory('tensorflow') !== null) return;
  await restoreUtil();
  const require = await requireFrom(packageFolder);
  await quietly(() => {
    type BackendModule = { NodeJSKernelBackend: new (addon: Addon, packageName: string) => KernelBackend };
    const { NodeJSKernelBackend } = require('./dist/nodejs_kernel_backend.js') as BackendModule;
    const { name } = require('./package.json') as { name: string };
    registerBackend('tensorflow', () => new NodeJSKernelBackend(addon, name), 3);
    try {
      require('./dist/register_all_kernels.js');
    } catch (error) {
      removeBackend('tensorflow');
      throw error;
    }
  });
}

async function loadAddon(installation: TensorflowInstallation): Promise<Addon> {
  const require = await requireFrom(installation.packageFolder);
  // TensorFlow decides once, when it is loaded, whether it prints what it found; what matters of it is in the report.
  const variable = 'TF_CPP_MIN_LOG_LEVEL';
  const before = process.env[variable];
  process.env[variable] ??= '2';
  try {
    return require(installation.addon) as Addon;
  } catch (cause) {
    throw new VitrailError(
      'unavailable',
      `the backend tensorflow cannot be loaded: ${(cause as Error).message}. What to do: set it up again, vitrail doctor --setup-tensorflow`,
      { cause },
    );
  } finally {
    if (before === undefined) delete process.env[variable];
  }
}

/** tfjs-node 4.22 calls functions of `node:util` that Node 23 took away, or warns about. */
async function restoreUtil(): Promise<void> {
  const { createRequire } = await importBuiltin<typeof import('node:module')>('node:module');
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray = Array.isArray;
}

async function requireFrom(packageFolder: string): Promise<NodeJS.Require> {
  const { createRequire } = await importBuiltin<typeof import('node:module')>('node:module');
  return createRequire(`${packageFolder}/package.json`);
}

function describe({ packageVersion, isCudaBuild }: TensorflowInstallation, addon: Addon): string {
  const place = addon.isUsingGpuDevice()
    ? 'on a GPU'
    : `on the processor${isCudaBuild ? ': it was built with CUDA, but sees no GPU' : ''}`;
  return `TensorFlow ${addon.TF_Version} ${place}, by tfjs-node ${packageVersion}`;
}
