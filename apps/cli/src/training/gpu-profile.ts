import { join } from 'node:path';
import { type KernelTime, profileWebGpuKernels } from '@vitrail/kernels-webgpu';
import { writeJson } from '@vitrail/train/node';

/** What `profile.json` in a run directory holds: GPU time by kernel over a few steps. */
export type GpuProfile = { steps: number; kernels: readonly KernelTime[] };

/** Steps before the first that is timed: they compile shaders, and updates move tensors together. */
const WARM_UP = 2;
/** Steps that are timed. */
const TIMED = 5;

/**
 * Times the kernels of the steps 3 to 7 of a run, or of the process that goes on with it, and writes `profile.json` once they are done.
 * To be called after every step.
 *
 * @param options.start steps that were done before this process
 */
export function openGpuProfile(directory: string, { start }: { start: number }): (step: number) => Promise<void> {
  let stop: (() => Promise<KernelTime[]>) | undefined;
  return async (step) => {
    if (step === start + WARM_UP) stop = profileWebGpuKernels();
    if (step !== start + WARM_UP + TIMED || stop === undefined) return;
    const profile: GpuProfile = { steps: TIMED, kernels: await stop() };
    await writeJson(join(directory, 'profile.json'), profile);
  };
}
