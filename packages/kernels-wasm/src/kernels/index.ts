import { activationKernels } from './activation.ts';
import { attentionKernels } from './attention.ts';
import { concatKernels } from './concat.ts';
import { elementwiseKernels } from './elementwise.ts';
import { emaKernels } from './ema.ts';
import { gatherKernels } from './gather.ts';
import { globalNormKernels } from './global-norm.ts';
import type { KernelSet } from './kernel-set.ts';
import { l2NormalizeKernels } from './l2-normalize.ts';
import { layerNormKernels } from './layer-norm.ts';
import { linearKernels } from './linear.ts';
import { mathFunctionKernels } from './math-functions.ts';
import { matmulKernels } from './matmul.ts';
import { optimizerKernels } from './optimizer.ts';
import { reduceKernels } from './reduce.ts';
import { sliceKernels } from './slice.ts';
import { softTargetKernels } from './soft-target.ts';
import { softmaxKernels } from './softmax.ts';
import { transposeKernels } from './transpose.ts';

const families: readonly KernelSet[] = [
  attentionKernels,
  linearKernels,
  activationKernels,
  mathFunctionKernels,
  layerNormKernels,
  l2NormalizeKernels,
  softmaxKernels,
  softTargetKernels,
  optimizerKernels,
  emaKernels,
  globalNormKernels,
  concatKernels,
  elementwiseKernels,
  gatherKernels,
  matmulKernels,
  reduceKernels,
  sliceKernels,
  transposeKernels,
];

/** All kernels of this package, by name. */
export const wasmKernels: KernelSet = (device, stock) => Object.assign({}, ...families.map((family) => family(device, stock)));
