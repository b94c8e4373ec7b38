import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { CompiledKernels } from './compile-kernels.ts';
import { constantBits } from './generated/binaries.ts';
import type { Kernel } from './kernel.ts';
import { type KernelImports, kernelImports, type VectorBits } from './kernel-imports.ts';
import { POOL_BYTES, poolFields } from './pool-fields.ts';
import type { TfjsWasmBackend } from './tfjs-wasm-backend.ts';
import { type KernelExports, ThreadPool } from './thread-pool.ts';
import { isShared } from './use-shared-memory.ts';

type ArgumentViews = { words: Int32Array; floats: Float32Array };

/** A cache line: what different threads write lies in different ones. */
const ALIGNMENT = 64;
/** Room for the arguments of any kernel. */
const ARGUMENT_BYTES = 512;

/**
 * The kernels over the memory of the wasm backend: one instance per thread, arguments and scratch memory beside the tensors.
 *
 * A launch is `tasks` independent tasks, no two of which write to the same place. How a sum is divided depends on shapes alone, never on the number
 * of threads: this is why results are the same on any number.
 */
export class Device {
  readonly backend: TfjsWasmBackend;
  readonly #kernels: CompiledKernels;
  readonly #imports: KernelImports;
  readonly #exports: KernelExports;
  /** Arguments, pool and constants. */
  readonly #block: number;
  readonly #arguments: number;
  readonly #pool: number;
  #scratchBlock = 0;
  #scratch = 0;
  #scratchBytes = 0;
  #scratchThreads = 0;
  #views: ArgumentViews = { words: new Int32Array(0), floats: new Float32Array(0) };
  #threads: ThreadPool | undefined;
  /** Tensors that the kernel of now has made so far. */
  #made: TensorInfo[] = [];

  constructor(backend: TfjsWasmBackend, kernels: CompiledKernels) {
    const { memory } = backend.wasm.asm;
    this.backend = backend;
    this.#kernels = kernels;
    this.#block = this.allocate(ARGUMENT_BYTES + POOL_BYTES + 4 * constantBits.length + ALIGNMENT);
    this.#arguments = align(this.#block);
    this.#pool = this.#arguments + ARGUMENT_BYTES;
    const constants = this.#pool + POOL_BYTES;
    new Int32Array(memory.buffer, this.#pool, POOL_BYTES / 4).fill(0);
    new Uint32Array(memory.buffer, constants, constantBits.length).set(constantBits);
    this.#imports = kernelImports(memory, constants, kernels.vectors);
    this.#exports = new WebAssembly.Instance(kernels.module, this.#imports).exports as KernelExports;
  }

  /** Bits that an instruction of the kernels works on. */
  get vectors(): VectorBits {
    return this.#kernels.vectors;
  }

  /** Threads that share the work, this one included. */
  get threads(): number {
    return this.#threads?.threads ?? 1;
  }

  /** Whether the memory is shared, so that there can be more than one thread. */
  get shared(): boolean {
    return isShared(this.backend.wasm.asm.memory);
  }

  /** Ends the workers there are and starts `threads - 1` new ones. Meanwhile kernels run on this thread alone. */
  async setThreads(threads: number): Promise<void> {
    const before = this.#threads;
    this.#threads = undefined;
    await before?.end();
    if (threads === 1) return;
    const started = await ThreadPool.start(threads - 1, {
      exports: this.#exports,
      module: this.#kernels.module,
      imports: this.#imports,
      address: this.#pool,
    });
    this.#threads = started;
  }

  /**
   * Runs `tasks` tasks of a kernel. `words` and then `floats` fill the kernel's arguments in the order of its class in `assembly/`;
   * `scratchBytes` is what one thread needs beside.
   */
  launch(kernel: Kernel, tasks: number, words: readonly number[], floats: readonly number[] = [], scratchBytes = 0): void {
    if (!(tasks > 0)) return;
    const pool = tasks === 1 ? undefined : this.#threads;
    this.#requireScratch(scratchBytes, pool?.threads ?? 1);
    const view = this.#argumentViews();
    view.words.set(words);
    view.floats.set(floats, words.length);
    if (pool === undefined) this.#exports.runAlone(kernel, this.#arguments, tasks, this.#scratch);
    else pool.run(kernel, this.#arguments, tasks);
  }

  /** Gives back what it holds in memory. No kernel of it may run any more, and no thread. */
  dispose(): void {
    if (this.#scratchThreads > 0) this.backend.wasm._free(this.#scratchBlock);
    this.backend.wasm._free(this.#block);
  }

  /** The address of a tensor's values. */
  address(tensor: TensorInfo): number {
    return this.backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  /** The address of a tensor's values, 0 where there is none. */
  addressIfAny(tensor: TensorInfo | undefined): number {
    return tensor === undefined ? 0 : this.address(tensor);
  }

  /** A new tensor, its values not yet set. */
  output(shape: readonly number[], dtype: DataType = 'float32'): TensorInfo {
    const tensor = this.backend.makeOutput([...shape], dtype);
    this.#made.push(tensor);
    return tensor;
  }

  /** Runs a kernel. If it throws, for want of memory or because of its arguments, the tensors that it made are disposed. */
  run<T>(kernel: () => T): T {
    const before = this.#made;
    this.#made = [];
    try {
      return kernel();
    } catch (error) {
      for (const { dataId } of this.#made) this.backend.disposeData(dataId);
      throw error;
    } finally {
      this.#made = before;
    }
  }

  /** Memory for as long as `f` runs. */
  withMemory<T>(bytes: number, f: (address: number) => T): T {
    const address = this.allocate(bytes);
    try {
      return f(address);
    } finally {
      this.backend.wasm._free(address);
    }
  }

  allocate(bytes: number): number {
    return this.backend.wasm._malloc(bytes) >>> 0;
  }

  /** Sees to it that each of `threads` threads has `bytes` bytes of scratch memory. */
  #requireScratch(bytes: number, threads: number): void {
    if (bytes <= this.#scratchBytes && threads <= this.#scratchThreads) return;
    const each = Math.max(align(bytes), this.#scratchBytes);
    const count = Math.max(threads, this.#scratchThreads);
    if (this.#scratchThreads > 0) this.backend.wasm._free(this.#scratchBlock);
    this.#scratchThreads = 0;
    this.#scratchBlock = this.allocate(each * count + ALIGNMENT);
    this.#scratch = align(this.#scratchBlock);
    this.#scratchBytes = each;
    this.#scratchThreads = count;
    const state = new Int32Array(this.backend.wasm.HEAPU8.buffer, this.#pool, POOL_BYTES / 4);
    state[poolFields.scratch] = this.#scratch;
    state[poolFields.scratchBytes] = each;
  }

  /** The block of arguments; its views are made anew when the memory has grown, because growing detaches them. */
  #argumentViews(): ArgumentViews {
    const { buffer } = this.backend.wasm.HEAPU8;
    if (this.#views.words.buffer !== buffer) {
      this.#views = {
        words: new Int32Array(buffer, this.#arguments, ARGUMENT_BYTES / 4),
        floats: new Float32Array(buffer, this.#arguments, ARGUMENT_BYTES / 4),
      };
    }
    return this.#views;
  }
}

function align(address: number): number {
  return Math.ceil(address / ALIGNMENT) * ALIGNMENT;
}
