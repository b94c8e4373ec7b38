import type { KernelSet } from './kernel-set.ts';
import { adafactorKernels } from './optimizer-adafactor.ts';
import { adamwKernels } from './optimizer-adamw.ts';
import { lambKernels } from './optimizer-lamb.ts';

/** The steps of the optimisers of `@vitrail/optim`, each for all parameters at once. */
export const optimizerKernels: KernelSet = (device, stock) => ({
  ...adamwKernels(device, stock),
  ...lambKernels(device, stock),
  ...adafactorKernels(device, stock),
});
