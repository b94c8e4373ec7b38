import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { TensorTree } from '@vitrail/core';
import type { LayerNormParams, LinearParams } from '@vitrail/ops';
import type { Optimizer } from '@vitrail/optim';
import type { BlockParams } from '@vitrail/vit';

/** The parameters of the ViT step, see `workloads/vit-step.ts`. */
export type VitStepParams = TensorTree & {
  patchEmbed: LinearParams;
  position: Tensor2D;
  blocks: Readonly<Record<string, BlockParams>>;
  norm: LayerNormParams;
};

/** The same arithmetic, written in the ops of one library or another. */
export type Model = {
  /** `a b`, either transposed. */
  product(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor;
  attention(qkv: Tensor3D, heads: number): Tensor3D;
  layerNorm(x: Tensor, params: LayerNormParams): Tensor;
  /** `[B, K, D]` of patches `[B, N, P]`. */
  vit(params: VitStepParams, patches: Tensor3D, keep: Tensor2D | undefined, heads: number): Tensor3D;
  optimizer(options: { learningRate: number; weightDecay: number }): Optimizer;
};
