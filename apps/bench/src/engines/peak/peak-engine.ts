import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { VitrailError } from '@vitrail/core';
import type { Engine } from '../engine.ts';
import { flopsPerIteration, multiplyAddModule } from './multiply-add-module.ts';

/** Iterations after which V8 has put its optimised code in place: it does so between two calls, not within one. */
const warmUp = { calls: 300, iterations: 2000 };

/** What a thread runs. Plain JavaScript, because it starts from text: a bundle has no second file. */
const threadSource = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(workerData));
  for (let i = 0; i < ${warmUp.calls}; i++) exports.run(${warmUp.iterations}, 0.5, 0.5);
  parentPort.on('message', (iterations) => parentPort.postMessage(exports.run(iterations, 0.5, 0.5)));
  parentPort.postMessage('ready');
`;

/**
 * The peak of the machine for 128-bit vectors: computes as many multiply-adds as a product has, but all of them in registers, spread evenly
 * over its threads. Its time for a product is the least that WebAssembly could take.
 *
 * @throws `unavailable` where WebAssembly has no fused multiply-add
 */
export async function peakEngine(threads: number): Promise<Engine> {
  const module = multiplyAddModule();
  if (!WebAssembly.validate(module)) {
    throw new VitrailError('unavailable', 'the peak is measured with relaxed SIMD, which this Node lacks: use Node 22 or later');
  }
  const workers = Array.from({ length: threads }, () => new Worker(threadSource, { eval: true, workerData: module }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  for (const worker of workers) worker.unref();
  return {
    hello: { version: '128-bit fused multiply-add in registers', threads },
    async prepare({ workload, flops }) {
      if (flops === undefined) {
        throw new VitrailError('invalid-argument', `${workload}: a peak is a time for a known number of operations`);
      }
      return {
        async run(repeats) {
          const iterations = Math.max(1, Math.round((flops * repeats) / threads / flopsPerIteration));
          await Promise.all(
            workers.map((worker) => {
              const answered = once(worker, 'message');
              worker.postMessage(iterations);
              return answered;
            }),
          );
        },
      };
    },
  };
}
