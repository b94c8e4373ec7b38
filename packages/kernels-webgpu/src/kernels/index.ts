import { activationKernels } from './activation.ts';
import type { KernelSet } from './kernel-set.ts';

const families: readonly KernelSet[] = [activationKernels];

/** All kernels of this package, by name. */
export const webGpuKernels: KernelSet = (device, stock) => Object.assign({}, ...families.map((family) => family(device, stock)));
