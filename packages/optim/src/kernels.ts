/**
 * The names under which faster kernels may be registered for a backend (`registerKernel` of tfjs-core), each for all tensors of a tree at
 * once. Inputs, attributes and outputs of each are in the table `Kernels` of the README; what they compute is what the composition computes,
 * tensor by tensor. Any subset may be there.
 */
export const kernelNames = [
  'VitrailAdamW',
  'VitrailLamb',
  'VitrailAdafactor',
  'VitrailGlobalNorm',
  'VitrailUnlessNaN',
  'VitrailStepGuard',
] as const;

/** One of {@link kernelNames}. */
export type KernelName = (typeof kernelNames)[number];
