import type { Tensor } from '@tensorflow/tfjs-core';
import { defineKernel } from './define-kernel.ts';

/** `VitrailLayerNorm`. */
export const layerNorm = defineKernel<{ x: Tensor; scale: Tensor; bias: Tensor }, { epsilon: number }>(
  'VitrailLayerNorm',
  ({ x, scale, bias }, { epsilon }, { passes }) => passes.layerNorm(x, scale, bias, epsilon),
);

/** `VitrailLayerNormGrad`. */
export const layerNormGrad = defineKernel<{ dy: Tensor; x: Tensor; scale: Tensor; mean: Tensor; inverseDeviation: Tensor }>(
  'VitrailLayerNormGrad',
  ({ dy, x, scale, mean, inverseDeviation }, _, { passes }) => passes.layerNormGrad(dy, x, scale, mean, inverseDeviation),
);
