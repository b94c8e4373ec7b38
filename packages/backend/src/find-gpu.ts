import { type Dawn, dawnFlags, loadDawn } from './dawn.ts';
import type { AdapterFacts } from './describe-adapter.ts';
import { isNode } from './installed-version.ts';
import { probeDawn } from './probe-dawn.ts';

/** How the GPU is asked for. */
export type GpuOptions = {
  /** Whether features of Chrome that are not part of WebGPU yet may be used (subgroup matrices). They are not by default. */
  readonly unsafe?: boolean;
};

/** What was looked for, or why it is not there and what to do. */
export type GpuSearch<Found> = { readonly found: Found } | { readonly missing: string; readonly howToGet: string };

/** Looks whether there is a GPU adapter: in browsers that of the page, in Node that of Dawn, in a process of its own. */
export async function findGpu(options: GpuOptions = {}): Promise<GpuSearch<AdapterFacts>> {
  return isNode() ? await probeDawn(options) : await openBrowserAdapter();
}

/** The adapter itself, to open a device on. In Node it prints what Dawn has to say about it to stderr. */
export async function openAdapter(options: GpuOptions = {}): Promise<GpuSearch<GPUAdapter>> {
  return isNode() ? await openDawnAdapter(options) : await openBrowserAdapter();
}

async function openBrowserAdapter(): Promise<GpuSearch<GPUAdapter>> {
  const gpu: GPU | undefined = globalThis.navigator?.gpu;
  if (gpu === undefined) {
    return {
      missing: 'this browser has no WebGPU, or not on this page',
      howToGet: 'use a current browser, and serve the page by https or from localhost',
    };
  }
  const adapter = await fastestAdapter(gpu);
  if (adapter !== null) return { found: adapter };
  return {
    missing: 'the browser gives no GPU adapter',
    howToGet: 'update the graphics driver, and see chrome://gpu (about:support in Firefox) for what is blocked',
  };
}

/** By the flags they were made with: making one looks for drivers and starts threads. */
const gpus = new Map<string, GPU>();

async function openDawnAdapter({ unsafe = false }: GpuOptions): Promise<GpuSearch<GPUAdapter>> {
  const dawn = await loadDawn();
  if ('missing' in dawn) return dawn;
  const adapter = await fastestAdapter(gpuOf(dawn.found, dawnFlags({ unsafe })));
  if (adapter !== null) return { found: adapter };
  return { missing: 'Dawn finds no GPU adapter in this process', howToGet: 'see vitrail doctor' };
}

function gpuOf({ create, globals }: Dawn, flags: readonly string[]): GPU {
  const key = flags.join(' ');
  const known = gpus.get(key);
  if (known !== undefined) return known;
  Object.assign(globalThis, globals); // GPUBufferUsage and the like, which tfjs uses.
  const gpu = create(flags);
  gpus.set(key, gpu);
  return gpu;
}

async function fastestAdapter(gpu: GPU): Promise<GPUAdapter | null> {
  return await gpu.requestAdapter({ powerPreference: 'high-performance' });
}
