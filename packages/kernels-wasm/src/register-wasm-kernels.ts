import { engine, env, getKernel, type KernelFunc, registerKernel, setBackend, unregisterKernel } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';
import { checkAllocations } from './check-allocations.ts';
import { compileKernels } from './compile-kernels.ts';
import { Device } from './device.ts';
import { availableCores, isNode } from './environment.ts';
import { binaries } from './generated/binaries.ts';
import type { VectorBits } from './kernel-imports.ts';
import { wasmKernels } from './kernels/index.ts';
import { MAXIMUM_THREADS } from './pool-fields.ts';
import { withSharedMemory } from './shared-memory.ts';
import { currentWasmBackend, type TfjsWasmBackend } from './tfjs-wasm-backend.ts';
import { canShareMemory, isShared, useSharedMemory, type WasmPaths } from './use-shared-memory.ts';

/** `relaxed` has fused multiply-adds; `plain` rounds twice, gives the same bits on every machine, and is a third slower. */
export type WasmBuild = keyof typeof binaries;

/** How the kernels run. */
export type WasmKernelOptions = {
  /** Threads that share the work; by default as many as the machine has cores, and 1 where memory cannot be shared. */
  threads?: number;
  /** By default `relaxed` where the engine has relaxed SIMD, else `plain`. */
  build?: WasmBuild;
  /**
   * Bits of a vector: 256 where the engine can make one of two (Node 24 on x64 with AVX2), else 128; by default what is faster. Results are the
   * same bits. For 256 the kernels are compiled under an experimental flag of V8, which is taken back at once.
   */
  vectors?: VectorBits;
  /** Where a browser finds the `.wasm` files of `@tensorflow/tfjs-backend-wasm`. Needed there for several threads. */
  wasmPaths?: WasmPaths;
};

/** What runs. */
export type WasmKernelReport = { build: WasmBuild; threads: number; vectors: VectorBits };

/** The kernels that tfjs itself registers, by name, for the cases that ours leave to them. */
const stock = new Map<string, KernelFunc>();
let installed: { device: Device; build: WasmBuild; asked: VectorBits | undefined } | undefined;
let queue: Promise<unknown> = Promise.resolve();

/**
 * Makes the ops of `@vitrail/ops`, and those of tfjs itself, faster on the `wasm` backend, and makes it the current backend. Nothing else
 * changes for who calls them. A second call may change the number of threads, the build or the vectors; what it leaves out gets its
 * default again.
 *
 * Threads need memory that can be shared. That of tfjs can, if it is so from the start: call this before anything starts the `wasm` backend.
 * Results do not depend on the number of threads.
 *
 * @throws `invalid-argument` for a number of threads that is not a whole number from 1 to 64, or other vectors than of 128 or 256 bits;
 *   `unknown-name` for another build; `unavailable` where WebAssembly has no SIMD, the build or the vectors asked for cannot be had, or several threads were asked for and memory cannot be shared, with the reason.
 *
 * @example await registerWasmKernels() // { build: 'relaxed', threads: 2, vectors: 256 }
 */
export function registerWasmKernels(options: WasmKernelOptions = {}): Promise<WasmKernelReport> {
  // One after the other: a call that came between would share threads that another is about to end.
  const report = queue.then(() => register(options));
  queue = report.catch(() => undefined);
  return report;
}

async function register({ threads, build, vectors, wasmPaths }: WasmKernelOptions): Promise<WasmKernelReport> {
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= MAXIMUM_THREADS)) {
    throw new VitrailError('invalid-argument', `threads is a whole number from 1 to ${MAXIMUM_THREADS}, but ${threads} came`);
  }
  if (vectors !== undefined && vectors !== 128 && vectors !== 256) {
    throw new VitrailError('invalid-argument', `vectors have 128 or 256 bits, but ${vectors} came`);
  }
  const chosen = chooseBuild(build);
  const wanted = threads ?? (await defaultThreads(wasmPaths));
  await startBackend(wanted, wasmPaths);
  const backend = currentWasmBackend();
  const current = installed;
  // Without a wish the widest vectors are wanted: those that are there, or those that were not to be had before.
  const fits =
    vectors === undefined ? current?.asked === undefined || current.device.vectors === 256 : current?.device.vectors === vectors;
  const isInstalled = fits && current?.build === chosen && current.device.backend === backend;
  const device = isInstalled ? current.device : await install(chosen, vectors, backend);
  if (threads !== undefined && threads > 1 && !device.shared) {
    throw new VitrailError(
      'unavailable',
      `${threads} threads need memory that they can share, but the wasm backend was started before without it: call registerWasmKernels first`,
    );
  }
  const count = device.shared ? wanted : 1;
  if (device.threads !== count) {
    try {
      await device.setThreads(count);
    } catch (error) {
      if (threads !== undefined) throw error;
    }
  }
  return { build: chosen, threads: device.threads, vectors: device.vectors };
}

async function defaultThreads(wasmPaths: WasmPaths | undefined): Promise<number> {
  if (!canShareMemory() || (!isNode() && wasmPaths === undefined)) return 1;
  return Math.min(await availableCores(), MAXIMUM_THREADS);
}

function chooseBuild(build: WasmBuild | undefined): WasmBuild {
  const runs = (name: WasmBuild) => WebAssembly.validate(decode(binaries[name]));
  if (typeof WebAssembly !== 'object' || !runs('plain')) {
    throw new VitrailError('unavailable', 'the kernels need WebAssembly with SIMD: use a current browser, or Node 20 or newer');
  }
  if (build === undefined) return runs('relaxed') ? 'relaxed' : 'plain';
  if (!Object.hasOwn(binaries, build)) throw new VitrailError('unknown-name', `a build is relaxed or plain, but "${build}" came`);
  if (!runs(build)) {
    throw new VitrailError(
      'unavailable',
      'the build relaxed needs relaxed SIMD (Node 22, Chrome 114 or newer): use plain, or leave it out',
    );
  }
  return build;
}

async function startBackend(threads: number, wasmPaths: WasmPaths | undefined): Promise<void> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  if (!('wasm' in engine().registry)) {
    // On a page where memory can be shared tfjs would start its own threaded build, whose memory is out of reach.
    env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    if (threads > 1) await useSharedMemory(wasmPaths, setWasmPaths);
    else if (wasmPaths !== undefined) setWasmPaths(wasmPaths);
  }
  if (!(await setBackend('wasm'))) {
    throw new VitrailError(
      'unavailable',
      "the wasm backend could not be started: tfjs's warning before this says why. In a browser, pass wasmPaths, the URL of the folder " +
        'with the .wasm files of @tensorflow/tfjs-backend-wasm',
    );
  }
}

async function install(build: WasmBuild, vectors: VectorBits | undefined, backend: TfjsWasmBackend): Promise<Device> {
  const { memory } = backend.wasm.asm;
  if (memory === undefined) {
    throw new VitrailError(
      'unavailable',
      'the wasm backend runs the threaded build of tfjs, whose memory is out of reach: call registerWasmKernels before anything starts it',
    );
  }
  const code = decode(binaries[build]);
  checkAllocations(backend.wasm);
  const kernels = await compileKernels(isShared(memory) ? withSharedMemory(code) : code, backend, vectors);
  const previous = installed?.device;
  await previous?.setThreads(1);
  const device = new Device(backend, kernels);
  for (const [kernelName, kernelFunc] of Object.entries(wasmKernels(device, stockKernel))) {
    const before = getKernel(kernelName, 'wasm');
    if (before !== undefined) {
      if (!stock.has(kernelName)) stock.set(kernelName, before.kernelFunc);
      unregisterKernel(kernelName, 'wasm');
    }
    registerKernel({ ...before, kernelName, backendName: 'wasm', kernelFunc: (call) => device.run(() => kernelFunc(call)) });
  }
  if (previous?.backend === backend) previous.dispose();
  installed = { device, build, asked: vectors };
  return device;
}

function stockKernel(name: string): KernelFunc {
  const kernel = stock.get(name) ?? getKernel(name, 'wasm')?.kernelFunc;
  if (kernel === undefined) throw new VitrailError('unknown-name', `tfjs has no kernel ${name} for the wasm backend`);
  return kernel;
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
