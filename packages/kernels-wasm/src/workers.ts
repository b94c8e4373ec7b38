import { VitrailError } from '@vitrail/core';
import { importBuiltin, isNode } from './environment.ts';
import type { KernelImports } from './kernel-imports.ts';
import { poolFields } from './pool-fields.ts';

/** What a worker needs to take part: the kernels, what they import, and the pool they take tasks from. */
export type WorkerStart = { module: WebAssembly.Module; imports: KernelImports; pool: number; firstJob: number };

/** Runs in each worker, until the pool closes. A task that ends in a trap counts as finished, and as failed. */
const program = `
const { module, imports, pool, thread, firstJob, fields } = start;
const { exports } = new WebAssembly.Instance(module, imports);
const state = new Int32Array(imports.env.memory.buffer, pool, 16);
ready();
for (let seen = firstJob; ; ) {
  const job = exports.spinUntilOffered(pool, seen);
  if (job === seen) {
    Atomics.add(state, fields.sleeping, 1);
    Atomics.wait(state, fields.jobs, seen);
    Atomics.sub(state, fields.sleeping, 1);
    continue;
  }
  seen = job;
  if (Atomics.load(state, fields.closing) === 1) break;
  try {
    exports.takeTasks(pool, thread);
  } catch {
    Atomics.add(state, fields.failed, 1);
    Atomics.add(state, fields.finished, 1);
  }
  Atomics.notify(state, fields.finished);
}
Atomics.sub(state, fields.running, 1);`;

/** Ends one worker at once. */
export type EndWorker = () => void;

/**
 * Starts `count` workers, threads 1 to `count`, and waits until each has compiled the kernels. They do not keep the program running: Node may
 * end while they wait.
 *
 * @returns one function per worker that ends it
 * @throws `unavailable` if one cannot be started; then none is left
 */
export async function startWorkers(count: number, start: WorkerStart): Promise<EndWorker[]> {
  const startOne = isNode() ? startNodeWorker : startWebWorker;
  const starts = Array.from({ length: count }, (_, index) => startOne({ ...start, thread: index + 1, fields: poolFields }));
  const outcomes = await Promise.allSettled(starts);
  const started = outcomes.filter((outcome) => outcome.status === 'fulfilled').map(({ value }) => value);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed === undefined) return started;
  for (const end of started) end();
  const { message = 'the page may not start workers from Blob URLs (Content-Security-Policy: worker-src)' } = failed.reason ?? {};
  throw new VitrailError('unavailable', `a worker thread could not be started: ${message}. Ask for one thread`, {
    cause: failed.reason,
  });
}

type OneStart = WorkerStart & { thread: number; fields: typeof poolFields };

async function startNodeWorker(start: OneStart): Promise<EndWorker> {
  const { Worker } = await importBuiltin<typeof import('node:worker_threads')>('node:worker_threads');
  const prelude = `const { workerData: start, parentPort } = require('node:worker_threads'); const ready = () => parentPort.postMessage(0);`;
  // Without the flags of this process: they may load hooks, or take the program for a module.
  const worker = new Worker(prelude + program, { eval: true, workerData: start, execArgv: [] });
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  worker.unref();
  return () => void worker.terminate();
}

async function startWebWorker(start: OneStart): Promise<EndWorker> {
  const source = `onmessage = ({ data: start }) => { const ready = () => postMessage(0); ${program} };`;
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  try {
    const worker = new Worker(url);
    await new Promise((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = reject;
      worker.postMessage(start);
    });
    return () => worker.terminate();
  } finally {
    URL.revokeObjectURL(url);
  }
}
