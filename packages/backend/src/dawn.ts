import type { GpuOptions, GpuSearch } from './find-gpu.ts';
import { importBuiltin } from './import-builtin.ts';
import { installedPackage } from './installed-version.ts';

/** The npm package `webgpu`: Dawn, the WebGPU of Chrome, for Node. */
export type Dawn = { create(flags: readonly string[]): GPU; globals: Readonly<Record<string, unknown>> };

/**
 * What Dawn is started with.
 *
 * - `vulkan_enable_f16_on_nvidia`: NVIDIA's driver for Vulkan has float16, but Dawn offers it by this toggle only.
 * - `allow_unsafe_apis`: offers what is not part of WebGPU yet.
 */
export function dawnFlags({ unsafe = false }: GpuOptions): readonly string[] {
  const toggles = ['vulkan_enable_f16_on_nvidia', ...(unsafe ? ['allow_unsafe_apis'] : [])];
  return [`enable-dawn-features=${toggles.join()}`];
}

/** The main module of the package `webgpu`, beside this package or in the working directory. In Node only; it is not run. */
export async function findDawn(): Promise<GpuSearch<{ url: string; version: string }>> {
  const installed = await installedPackage('webgpu');
  if (installed === undefined) return { missing: 'the package webgpu is not installed', howToGet: 'npm install webgpu' };
  const { pathToFileURL } = await importBuiltin<typeof import('node:url')>('node:url');
  return { found: { url: pathToFileURL(`${installed.folder}/index.js`).href, version: installed.version } };
}

/** Loads the package `webgpu`. In Node only. */
export async function loadDawn(): Promise<GpuSearch<Dawn>> {
  const dawn = await findDawn();
  if ('missing' in dawn) return dawn;
  try {
    return { found: await importBuiltin<Dawn>(dawn.found.url) };
  } catch (error) {
    return doesNotLoad(dawn.found.version, (error as Error).message);
  }
}

/** Why a package that is installed cannot be used: no build for this machine, a C++ library that is older than it needs. */
export function doesNotLoad(version: string, message: string): { missing: string; howToGet: string } {
  return {
    missing: `the package webgpu ${version} is installed and does not load: ${message.split('\n')[0]}`,
    howToGet: 'install it again on this machine (npm install webgpu); it needs Linux with glibc, macOS or Windows',
  };
}
