import { importBuiltin, isNode } from './environment.ts';

/** What a worker needs to take part: the kernels, the memory they share, and the pool they take tasks from. */
export type WorkerStart = { module: WebAssembly.Module; memory: WebAssembly.Memory; pool: number; firstJob: number };

export type Workers = { count: number /** Lets go of workers that have left the pool. */; release(): void };

/** Runs in each worker; leaves only when the pool closes. */
const program = `
const { module, memory, pool, thread, firstJob } = start;
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
ready();
exports.work(pool, thread, firstJob);`;

/**
 * Starts `count` workers and waits until each has compiled the kernels. They do not keep the program running: Node may end while they wait.
 */
export async function startWorkers(count: number, start: WorkerStart): Promise<Workers> {
  const startOne = isNode() ? startNodeWorker : startWebWorker;
  const ends = await Promise.all(Array.from({ length: count }, (_, index) => startOne({ ...start, thread: index + 1 })));
  return { count, release: () => ends.forEach((end) => void end()) };
}

async function startNodeWorker(start: WorkerStart & { thread: number }): Promise<() => void> {
  const { Worker } = await importBuiltin<typeof import('node:worker_threads')>('node:worker_threads');
  const prelude = `const { workerData: start, parentPort } = require('node:worker_threads'); const ready = () => parentPort.postMessage(0);`;
  const worker = new Worker(prelude + program, { eval: true, workerData: start });
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  worker.unref();
  return () => void worker.terminate();
}

async function startWebWorker(start: WorkerStart & { thread: number }): Promise<() => void> {
  const source = `onmessage = ({ data: start }) => { const ready = () => postMessage(0); ${program} };`;
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  try {
    const worker = new Worker(url);
    worker.postMessage(start);
    await new Promise((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = reject;
    });
    return () => worker.terminate();
  } finally {
    URL.revokeObjectURL(url);
  }
}
