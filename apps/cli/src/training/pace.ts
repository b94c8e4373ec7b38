import { backend } from '@tensorflow/tfjs-core';

/** Steps that the host may be ahead of a GPU: enough to keep it busy, few enough that their batches fit into memory. */
const mostAhead = 2;

type Queue = Pick<GPUQueue, 'onSubmittedWorkDone'>;

/**
 * After every step whose numbers are not read, waits until a GPU has done what was asked of it {@link mostAhead} such steps before. It reads
 * nothing.
 *
 * @param queue of the device of the current backend, if it has one; without one there is nothing to wait for.
 * @returns the seconds that were waited.
 */
export function openPace(
  queue: Queue | undefined = (backend() as { device?: { queue?: Queue } }).device?.queue,
): () => Promise<number> {
  if (queue === undefined) return async () => 0;
  const underWay: Promise<unknown>[] = [];
  return async () => {
    underWay.push(queue.onSubmittedWorkDone().catch(() => {})); // Of a device that is lost: the run hears of that elsewhere.
    const start = performance.now();
    if (underWay.length > mostAhead) await underWay.shift();
    return (performance.now() - start) / 1000;
  };
}
