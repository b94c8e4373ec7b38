import { activationKernels } from './activation.ts';
import { attentionKernels } from './attention.ts';
import { elementwiseKernels } from './elementwise.ts';
import { emaKernels } from './ema.ts';
import { globalNormKernels } from './global-norm.ts';
import type { KernelSet } from './kernel-set.ts';
import { l2NormalizeKernels } from './l2-normalize.ts';
import { layerNormKernels } from './layer-norm.ts';
import { linearKernels } from './linear.ts';
import { matmulKernels } from './matmul.ts';
import { adafactorKernels } from './optimizer-adafactor.ts';
import { adamwKernels } from './optimizer-adamw.ts';
import { lambKernels } from './optimizer-lamb.ts';
import { reduceKernels } from './reduce.ts';
import { rowKernels } from './rows.ts';
import { softTargetKernels } from './soft-target.ts';
import { stepGuardKernels } from './step-guard.ts';
import { unlessNaNKernels } from './unless-nan.ts';

const families: readonly KernelSet[] = [
  activationKernels,
  attentionKernels,
  linearKernels,
  matmulKernels,
  elementwiseKernels,
  layerNormKernels,
  l2NormalizeKernels,
  reduceKernels,
  rowKernels,
  softTargetKernels,
  adafactorKernels,
  adamwKernels,
  lambKernels,
  emaKernels,
  globalNormKernels,
  stepGuardKernels,
  unlessNaNKernels,
];

/** All kernels of this package, by name. */
export const webGpuKernels: KernelSet = (device, stock) => Object.assign({}, ...families.map((family) => family(device, stock)));
