import { activationKernels } from './activation.ts';
import { attentionKernels } from './attention.ts';
import type { KernelSet } from './kernel-set.ts';
import { linearKernels } from './linear.ts';

const families: readonly KernelSet[] = [attentionKernels, linearKernels, activationKernels];

/** All kernels of this package, by name. */
export const wasmKernels: KernelSet = (device, stock) => Object.assign({}, ...families.map((family) => family(device, stock)));
