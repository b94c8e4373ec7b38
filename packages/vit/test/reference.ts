import { readFileSync } from 'node:fs';
import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { decodeSafetensors } from '@vitrail/checkpoints';
import { type TensorTree, unflattenTree } from '@vitrail/core';
import type { VitConfig, VitParams } from '../src/index.ts';

/** Feed-forward layers that there is a reference tower for: `fixtures/KIND.safetensors`. */
export const referenceKinds = ['gelu', 'gelu-tanh', 'swiglu'] as const;

/** A reference tower: its configuration and, as tensors that the caller disposes, its parameters, inputs, outputs and gradients. */
export function loadReference(kind: (typeof referenceKinds)[number]) {
  const { tensors } = decodeSafetensors(readFileSync(new URL(`../fixtures/${kind}.safetensors`, import.meta.url)));
  const loaded: Record<string, Tensor> = {};
  for (const [name, { shape, values }] of Object.entries(tensors)) loaded[name] = tensor(values as Float32Array, [...shape]);
  const { params, grads, ...rest } = unflattenTree(loaded) as { params: VitParams; grads: TensorTree } & Record<string, Tensor>;
  const config: VitConfig = {
    imageSize: 16,
    patchSize: 4,
    width: 16,
    depth: 2,
    heads: 2,
    mlp: { kind, hidden: kind === 'swiglu' ? 24 : 32 },
    clsTokens: 2,
    positionGrid: 4,
    maskToken: true,
  };
  return { config, params, grads, tensors: rest as Readonly<Record<string, Tensor>> };
}
