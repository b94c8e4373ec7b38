import { detectBackends } from '@vitrail/backend';
import { attention } from './attention.ts';
import { gemm, gemmWorkloads } from './gemm.ts';
import { layerNorm } from './layer-norm.ts';
import { recipeStep } from './recipe-step.ts';
import { vitSize, vitStep } from './vit-step.ts';
import type { Workload } from './workload.ts';

/** ViT-B/16 at 224 pixels, batch 32: 3.4 TFLOP a step. */
const vitB16 = { batch: 32, tokens: 196, patch: 768, width: 768, depth: 12, heads: 12, hidden: 3072 };

const all: readonly Workload[] = [
  vitStep(vitSize, { name: 'vit-step', dropped: 0 }),
  { ...vitStep(vitB16, { name: 'vit-b16', dropped: 0 }), large: true },
  ...gemmWorkloads,
  {
    ...gemm({
      name: 'gemm/4096x4096x4096',
      title: 'a large product',
      a: [4096, 4096],
      b: [4096, 4096],
      sizes: [4096, 4096, 4096],
    }),
    large: true,
  },
  attention({ batch: 16, tokens: 64, width: 192, heads: 3 }),
  attention({ batch: 4, tokens: 256, width: 192, heads: 3 }),
  layerNorm({ rows: 1024, width: 192 }),
  layerNorm({ rows: 1024, width: 768 }),
  { ...recipeStep('tipsv2:tiny'), large: true },
];

/** What `bench webgpu` measures, in this order; the large ones by name only where the adapter is a software one. */
export async function gpuWorkloads(): Promise<readonly Workload[]> {
  const gpu = (await detectBackends()).find(({ name }) => name === 'webgpu');
  const isHardware = gpu?.available === true && gpu.slow !== true;
  return isHardware ? all.map(({ large: _, ...workload }) => workload) : all;
}
