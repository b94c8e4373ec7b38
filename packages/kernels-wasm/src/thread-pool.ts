import { VitrailError } from '@vitrail/core';
import { isNode } from './environment.ts';
import type { Kernel } from './kernel.ts';
import type { KernelImports } from './kernel-imports.ts';
import { POOL_BYTES, poolFields, tasksLeft } from './pool-fields.ts';
import { type EndWorker, startWorkers } from './workers.ts';

/** What the compiled kernels export. */
export type KernelExports = {
  runAlone(kernel: Kernel, words: number, tasks: number, scratch: number): void;
  offerTasks(pool: number, kernel: Kernel, words: number, tasks: number, threads: number): void;
  takeTasks(pool: number, thread: number): void;
  spinUntilFinished(pool: number, tasks: number): number;
};

/** Milliseconds that workers have to leave by themselves before they are ended. */
const PATIENCE = 1000;

/** Worker threads that share tasks with this one; see `assembly/pool.ts`. */
export class ThreadPool {
  readonly #exports: KernelExports;
  readonly #address: number;
  readonly #state: Int32Array;
  readonly #workers: readonly EndWorker[];

  private constructor(exports: KernelExports, address: number, state: Int32Array, workers: readonly EndWorker[]) {
    this.#exports = exports;
    this.#address = address;
    this.#state = state;
    this.#workers = workers;
  }

  /** Starts `count` workers on the pool at `address` of a shared memory. */
  static async start(
    count: number,
    {
      exports,
      module,
      imports,
      address,
    }: { exports: KernelExports; module: WebAssembly.Module; imports: KernelImports; address: number },
  ): Promise<ThreadPool> {
    // Stays valid when the memory grows, as views of shared memory do.
    const state = new Int32Array(imports.env.memory.buffer, address, POOL_BYTES / 4);
    const firstJob = Atomics.load(state, poolFields.jobs);
    const workers = await startWorkers(count, { module, imports, pool: address, firstJob });
    Atomics.store(state, poolFields.running, count);
    return new ThreadPool(exports, address, state, workers);
  }

  /** Threads that share the work, this one included. */
  get threads(): number {
    return 1 + this.#workers.length;
  }

  /** Runs `tasks` tasks and comes back when all are done. */
  run(kernel: Kernel, words: number, tasks: number): void {
    const state = this.#state;
    this.#exports.offerTasks(this.#address, kernel, words, tasks, this.threads);
    if (Atomics.load(state, poolFields.sleeping) > 0) Atomics.notify(state, poolFields.jobs);
    try {
      this.#exports.takeTasks(this.#address, 0);
    } catch (error) {
      // The task that this thread had, and those that nobody has taken, will not be done; those of the workers end before anything else runs.
      let undone = 1;
      for (let thread = 0; thread < this.threads; thread++) undone += Math.max(0, Atomics.exchange(state, tasksLeft(thread), 0));
      Atomics.add(state, poolFields.finished, undone);
      this.#waitUntilFinished(tasks);
      Atomics.store(state, poolFields.failed, 0);
      throw error;
    }
    this.#waitUntilFinished(tasks);
    if (Atomics.exchange(state, poolFields.failed, 0) > 0) {
      throw new VitrailError(
        'unavailable',
        'a kernel ended in a trap of WebAssembly on a worker thread: an index was out of bounds',
      );
    }
  }

  /** Lets the workers leave, and ends those that do not. */
  async end(): Promise<void> {
    const state = this.#state;
    Atomics.store(state, poolFields.closing, 1);
    Atomics.add(state, poolFields.jobs, 1);
    Atomics.notify(state, poolFields.jobs);
    const deadline = performance.now() + PATIENCE;
    while (Atomics.load(state, poolFields.running) > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    for (const end of this.#workers) end();
    Atomics.store(state, poolFields.closing, 0);
  }

  #waitUntilFinished(tasks: number): void {
    let finished = this.#exports.spinUntilFinished(this.#address, tasks);
    while (finished !== tasks) {
      // A page may not sleep on its main thread.
      if (isNode()) Atomics.wait(this.#state, poolFields.finished, finished, 1);
      finished = Atomics.load(this.#state, poolFields.finished);
    }
  }
}
