import type { Tensor } from '@tensorflow/tfjs-core';
import { defineKernel } from './define-kernel.ts';

/** The composition of `@vitrail/ops` is as fast as any other of TensorFlow's ops, so only with fused ops. */
export const swiglu = defineKernel<{ gate: Tensor; value: Tensor }>('VitrailSwiglu', ({ gate, value }, _, { backend }) => [
  backend.executeSingleOutput('VitrailFusedSwiglu', [], [gate, value]),
]);

/** `VitrailSwigluGrad`, likewise. */
export const swigluGrad = defineKernel<{ dy: Tensor; gate: Tensor; value: Tensor }>(
  'VitrailSwigluGrad',
  ({ dy, gate, value }, _, { backend }) => backend.executeMultipleOutputs('VitrailFusedSwigluGrad', [], [dy, gate, value], 2),
);
