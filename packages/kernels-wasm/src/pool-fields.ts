/** Fields of the pool (`assembly/pool.ts`, which knows the first seven), as indices of 32-bit words. */
export const poolFields = {
  /** Number of jobs so far. */
  jobs: 0,
  /** Tasks that nobody has taken yet; negative after threads that came too late. */
  next: 1,
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

/** Bytes of the pool: a cache line. */
export const POOL_BYTES = 64;
