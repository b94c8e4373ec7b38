import type { Spec } from './workloads/workload.ts';

/** Inputs of a workload in a file of little-endian float32 numbers. `offset` counts numbers, not bytes. */
export type TensorData = { file: string; tensors: Record<string, { shape: readonly number[]; offset: number }> };

/** The first line that an engine writes: what it is, and the threads it really uses. */
export type Hello = { version: string; threads: number };

/**
 * A line that an engine reads: one measurement. An engine prepares a workload (reads its inputs, compiles) when it is first named, and lets go of
 * the one before.
 */
export type Request = {
  workload: string;
  spec: Spec;
  /** Of one run; `peak` computes as many. */
  flops?: number;
  data: TensorData;
  /** How often to run it between two looks at the clock. */
  repeats: number;
};

/** The line that an engine answers with. */
export type Answer =
  | {
      /** Of one run: what `repeats` runs took, divided. */
      ms: number;
      /** The loss before the update of a training step, or {@link checksum} of what the last run computed. */
      value?: number;
      /** Kernels launched per transformer layer in a training step, where the engine can count them. */
      launchesPerLayer?: number;
    }
  | { error: string };
