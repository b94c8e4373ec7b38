/**
 * The names under which faster kernels may be registered for a backend (`registerKernel` of tfjs-core). Inputs, attributes and outputs are in
 * the table `Kernels` of the README; what they compute is what the composition computes.
 */
export const kernelNames = ['VitrailEma'] as const;

/** One of {@link kernelNames}. */
export type KernelName = (typeof kernelNames)[number];
