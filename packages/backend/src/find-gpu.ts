import { importOptional } from './import-optional.ts';
import { isNode } from './installed-version.ts';

/** How the GPU is asked for. */
export type GpuOptions = {
  /** Whether features of Chrome that are not part of WebGPU yet may be used (subgroup matrices). They are not by default. */
  readonly unsafe?: boolean;
};

/** A GPU adapter, or why there is none and what to do. */
export type FoundGpu =
  | { readonly adapter: GPUAdapter; readonly gpu: GPU }
  | { readonly missing: string; readonly howToGet: string };

/** The npm package `webgpu`: Dawn, the WebGPU of Chrome. */
type Dawn = { create(toggles: readonly string[]): GPU; globals: Readonly<Record<string, unknown>> };

/** Looks for a GPU adapter: in browsers that of the page, in Node that of Dawn, the npm package `webgpu`. */
export async function findGpu(options: GpuOptions = {}): Promise<FoundGpu> {
  return isNode() ? await findDawnGpu(options) : await findBrowserGpu();
}

async function findBrowserGpu(): Promise<FoundGpu> {
  const gpu: GPU | undefined = globalThis.navigator?.gpu;
  if (gpu === undefined) {
    return {
      missing: 'this browser has no WebGPU, or not on this page',
      howToGet: 'use a current browser and serve the page by https',
    };
  }
  const adapter = await fastestAdapter(gpu);
  if (adapter !== null) return { adapter, gpu };
  return {
    missing: 'the browser gives no GPU adapter',
    howToGet: 'update the graphics driver, or see chrome://gpu for what is blocked',
  };
}

/** Made once per process and set of toggles: Dawn keeps its threads for as long as the object lives. */
const dawnGpus = new Map<string, GPU>();

async function findDawnGpu({ unsafe = false }: GpuOptions): Promise<FoundGpu> {
  const dawn = await importOptional<Dawn>('webgpu');
  if ('missing' in dawn) return { missing: dawn.missing, howToGet: 'npm install webgpu' };
  Object.assign(globalThis, dawn.module.globals);
  // NVIDIA's driver for Vulkan has float16, but Dawn offers it there by this toggle only.
  const toggles = ['vulkan_enable_f16_on_nvidia', ...(unsafe ? ['allow_unsafe_apis'] : [])].join();
  const gpu = dawnGpus.get(toggles) ?? dawn.module.create([`enable-dawn-features=${toggles}`]);
  dawnGpus.set(toggles, gpu);
  const adapter = await fastestAdapter(gpu);
  if (adapter !== null) return { adapter, gpu };
  return {
    missing: 'Dawn finds no GPU with a driver for Vulkan, Metal or Direct3D 12',
    howToGet:
      'install the driver of the GPU, and on Linux the Vulkan loader (Debian: libvulkan1). Without a GPU, Mesa 25 or newer ' +
      '(mesa-vulkan-drivers) computes on the processor, slowly',
  };
}

async function fastestAdapter(gpu: GPU): Promise<GPUAdapter | null> {
  return await gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
}
