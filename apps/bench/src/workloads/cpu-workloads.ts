import { attention } from './attention.ts';
import { gemmWorkloads } from './gemm.ts';
import { layerNorm } from './layer-norm.ts';
import { recipeStep } from './recipe-step.ts';
import { vitSize, vitStep } from './vit-step.ts';
import type { Workload } from './workload.ts';

/** What `bench cpu` measures, in this order. */
export const cpuWorkloads: readonly Workload[] = [
  vitStep(vitSize, { name: 'vit-step', dropped: 0 }),
  ...gemmWorkloads,
  attention({ batch: 16, tokens: 64, width: 192, heads: 3 }),
  attention({ batch: 4, tokens: 256, width: 192, heads: 3 }),
  layerNorm({ rows: 1024, width: 192 }),
  layerNorm({ rows: 1024, width: 768 }),
  recipeStep('tipsv2:tiny'),
  vitStep(vitSize, { name: 'token-drop/0', dropped: 0 }),
  vitStep(vitSize, { name: 'token-drop/0.5', dropped: 0.5, baseline: 'token-drop/0' }),
];
