import { join } from 'node:path';
import { type KernelTime, profileWebGpuKernels } from '@vitrail/kernels-webgpu';
import { writeJson } from '@vitrail/train/node';

/** What `profile.json` in a run directory holds: GPU time by kernel over a few steps. */
export type GpuProfile = { steps: number; kernels: readonly KernelTime[] };

/** Steps before the first that is timed: they compile shaders, and updates move tensors together. */
const WARM_UP = 2;
/** Steps that are timed. */
const TIMED = 5;

/** Times the kernels of a few steps. */
export type GpuProfiling = {
  /** To be called after every step. */
  afterStep(step: number): Promise<void>;
  /** To be called when the run ends, however it ends. Whether anything was timed. */
  finish(): Promise<boolean>;
};

/**
 * Times the kernels of the steps 3 to 7 of a run, or of the process that goes on with it, and writes `profile.json` once they are done, or when
 * the run ends before.
 *
 * @param options.start steps that were done before this process
 */
export function openGpuProfile(directory: string, { start }: { start: number }): GpuProfiling {
  let stop: (() => Promise<KernelTime[]>) | undefined;
  let steps = 0;
  async function write(): Promise<void> {
    const kernels = await stop?.();
    stop = undefined;
    if (kernels === undefined || steps === 0) return;
    await writeJson(join(directory, 'profile.json'), { steps, kernels } satisfies GpuProfile);
  }
  return {
    async afterStep(step) {
      if (stop !== undefined) steps++;
      if (steps === TIMED) await write();
      else if (step === start + WARM_UP) stop = profileWebGpuKernels();
    },
    async finish() {
      await write();
      return steps > 0;
    },
  };
}
