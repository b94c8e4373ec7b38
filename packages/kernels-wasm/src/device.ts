import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import { isNode } from './environment.ts';
import type { Kernel } from './kernel.ts';
import { isShared } from './start-on-shared-memory.ts';
import type { TfjsWasmBackend } from './tfjs-wasm-backend.ts';
import { startWorkers, type Workers } from './workers.ts';

/** What the compiled kernels export. */
type Exports = {
  runAlone(kernel: Kernel, words: number, tasks: number, scratch: number): void;
  runShared(pool: number, kernel: Kernel, words: number, tasks: number): void;
  work(pool: number, thread: number, firstJob: number): void;
};

type ArgumentViews = { words: Int32Array; floats: Float32Array };

/** A cache line: what different threads write lies in different ones. */
const ALIGNMENT = 64;
/** Room for the arguments of any kernel, and for the state of the pool, in bytes. */
const ARGUMENT_BYTES = 512;
const POOL_BYTES = 64;

/** Fields of the pool (`assembly/pool.ts`), as indices of 32-bit words. */
const pool = { jobs: 0, scratch: 6, scratchBytes: 7, closing: 8, running: 9, mayBlock: 10 } as const;

/**
 * The kernels over the memory of the wasm backend: one instance per thread, arguments and scratch memory beside the tensors.
 *
 * A launch is `tasks` independent tasks. How many there are may depend on shapes, never on the number of threads, and no two tasks write
 * to the same place: this is why results are the same on any number of threads.
 */
export class Device {
  readonly backend: TfjsWasmBackend;
  readonly #module: WebAssembly.Module;
  readonly #exports: Exports;
  readonly #arguments: number;
  readonly #pool: number;
  #scratchBlock = 0;
  #scratch = 0;
  #scratchBytes = 0;
  #views: ArgumentViews = { words: new Int32Array(0), floats: new Float32Array(0) };
  #workers: Workers | undefined;

  constructor(backend: TfjsWasmBackend, module: WebAssembly.Module) {
    const { memory } = backend.wasm.asm;
    this.backend = backend;
    this.#module = module;
    this.#exports = new WebAssembly.Instance(module, { env: { memory } }).exports as Exports;
    this.#arguments = align(this.allocate(ARGUMENT_BYTES + POOL_BYTES + ALIGNMENT));
    this.#pool = this.#arguments + ARGUMENT_BYTES;
    this.#poolState().fill(0);
  }

  /** Threads that share the work, this one included. */
  get threads(): number {
    return 1 + (this.#workers?.count ?? 0);
  }

  /** Whether the memory is shared, so that there can be more than one thread. */
  get shared(): boolean {
    return isShared(this.backend.wasm.asm.memory);
  }

  /** Ends the workers there are and starts `threads - 1` new ones. */
  async setThreads(threads: number): Promise<void> {
    this.#endWorkers();
    this.#freeScratch();
    if (threads === 1) return;
    const state = this.#poolState();
    state[pool.mayBlock] = isNode() ? 1 : 0;
    const { memory } = this.backend.wasm.asm;
    this.#workers = await startWorkers(threads - 1, {
      module: this.#module,
      memory,
      pool: this.#pool,
      firstJob: state[pool.jobs],
    });
  }

  /**
   * Runs `tasks` tasks of a kernel. `words` and then `floats` fill the kernel's arguments in the order of its class in `assembly/`;
   * `scratchBytes` is what one thread needs beside.
   */
  launch(kernel: Kernel, tasks: number, words: readonly number[], floats: readonly number[] = [], scratchBytes = 0): void {
    if (tasks === 0) return;
    if (scratchBytes > this.#scratchBytes) this.#growScratch(scratchBytes);
    const view = this.#argumentView();
    view.words.set(words);
    view.floats.set(floats, words.length);
    if (this.#workers === undefined || tasks === 1) this.#exports.runAlone(kernel, this.#arguments, tasks, this.#scratch);
    else this.#exports.runShared(this.#pool, kernel, this.#arguments, tasks);
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
    return this.backend.makeOutput([...shape], dtype);
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

  #growScratch(bytes: number): void {
    this.#freeScratch();
    const each = align(bytes);
    this.#scratchBlock = this.allocate(each * this.threads + ALIGNMENT);
    this.#scratch = align(this.#scratchBlock);
    this.#scratchBytes = each;
    const state = this.#poolState();
    state[pool.scratch] = this.#scratch;
    state[pool.scratchBytes] = each;
  }

  #freeScratch(): void {
    if (this.#scratchBytes > 0) this.backend.wasm._free(this.#scratchBlock);
    this.#scratchBytes = 0;
  }

  #endWorkers(): void {
    if (this.#workers === undefined) return;
    const state = this.#poolState();
    Atomics.store(state, pool.closing, 1);
    Atomics.add(state, pool.jobs, 1);
    Atomics.notify(state, pool.jobs);
    while (Atomics.load(state, pool.running) > 0);
    Atomics.store(state, pool.closing, 0);
    this.#workers.release();
    this.#workers = undefined;
  }

  /** The block of arguments; its views are made anew when the memory has grown, because growing detaches them. */
  #argumentView(): ArgumentViews {
    const { buffer } = this.backend.wasm.HEAPU8;
    if (this.#views.words.buffer !== buffer) {
      this.#views = {
        words: new Int32Array(buffer, this.#arguments, ARGUMENT_BYTES / 4),
        floats: new Float32Array(buffer, this.#arguments, ARGUMENT_BYTES / 4),
      };
    }
    return this.#views;
  }

  #poolState(): Int32Array {
    return new Int32Array(this.backend.wasm.HEAPU8.buffer, this.#pool, POOL_BYTES / 4);
  }
}

function align(address: number): number {
  return Math.ceil(address / ALIGNMENT) * ALIGNMENT;
}
