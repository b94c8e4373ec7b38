import { readFileSync } from 'node:fs';
import { type Tensor, type Tensor2D, type Tensor4D, tensor } from '@tensorflow/tfjs-core';
import { decodeSafetensors } from '@vitrail/checkpoints';
import { type TensorTree, unflattenTree } from '@vitrail/core';
import type { ClipTextConfig, ClipTextParams } from '@vitrail/text';
import type { ClipVitConfig, ClipVitParams } from '@vitrail/vit';

/** The image tower of `fixtures/clip.safetensors`. */
export const imageConfig: ClipVitConfig = {
  imageSize: 8,
  patchSize: 4,
  width: 12,
  depth: 2,
  heads: 2,
  activation: 'gelu',
  embedding: 5,
};

/** The text tower of `fixtures/clip.safetensors`. */
export const textConfig: ClipTextConfig = {
  maxTokens: 8,
  vocabularySize: 30,
  width: 8,
  depth: 2,
  heads: 2,
  activation: 'gelu',
  embedding: 5,
  endId: 28,
};

/** A small CLIP, its inputs, and what PyTorch gives with AdaLink, LoRA and prompts around it. The caller disposes all tensors. */
export function loadClipReference() {
  const { tensors } = decodeSafetensors(readFileSync(new URL('../fixtures/clip.safetensors', import.meta.url)));
  const flat: Record<string, Tensor> = {};
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    flat[name] = tensor(values as Float32Array | Int32Array, [...shape], values instanceof Int32Array ? 'int32' : 'float32');
  }
  type Reference = {
    params: { image: ClipVitParams; text: ClipTextParams };
    images: Tensor4D;
    ids: Tensor2D;
    adalink: Record<'image' | 'text', { down: Tensor2D; up: Tensor2D }>;
    factors: Record<'image' | 'text', TensorTree>;
    prompts: Record<'image' | 'text', Tensor2D>;
    grads: Record<'before' | 'after' | 'lora' | 'prompted', Record<'image' | 'text', TensorTree>>;
  } & Record<'base' | 'before' | 'after' | 'lora' | 'prompted', Record<'image' | 'text', Tensor2D>>;
  return unflattenTree(flat) as unknown as Reference;
}
