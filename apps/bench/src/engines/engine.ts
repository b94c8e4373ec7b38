import type { Hello, Request } from '../protocol.ts';

/** An engine inside its own process. */
export type Engine = {
  hello: Hello;
  /** Reads inputs, compiles; not measured. */
  prepare(request: Request): Promise<Prepared>;
};

/** A workload that is ready to be measured. */
export type Prepared = {
  /** Runs as often as that, one after the other, and waits until the last result is there. */
  run(repeats: number): Promise<void> | void;
  /** Of the last run, see `value` in `Answer`. Not measured. */
  value?(): Promise<number> | number;
  /** See `Answer`. */
  launchesPerLayer?: number;
  release?(): void;
};
