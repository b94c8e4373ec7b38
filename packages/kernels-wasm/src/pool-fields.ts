/** Fields of the pool (`assembly/pool.ts`, which knows the first seven and the queues), as indices of 32-bit words. */
export const poolFields = {
  /** Number of jobs so far. */
  jobs: 0,
  /** Threads that take from it. */
  threads: 1,
  finished: 2,
  scratch: 5,
  scratchBytes: 6,
  /** Workers asleep, and not spinning. */
  sleeping: 7,
  /** 1 while the workers are to end. */
  closing: 8,
  /** Workers that have not left. */
  running: 9,
  /** Tasks of workers that ended in a trap. */
  failed: 10,
} as const;

const LINE_BYTES = 64;

/** Threads of a pool, at most. */
export const MAXIMUM_THREADS = 64;

/** Bytes of the pool: a cache line, and one for the queue of each thread. */
export const POOL_BYTES = LINE_BYTES * (1 + MAXIMUM_THREADS);

/** Index of a thread's count of tasks that nobody has taken yet, as a 32-bit word; negative after threads that came too late. */
export function tasksLeft(thread: number): number {
  return (LINE_BYTES / 4) * (1 + thread);
}
