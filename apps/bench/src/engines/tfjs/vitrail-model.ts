import { add, matMul, type Tensor2D, type Tensor3D, transpose } from '@tensorflow/tfjs-core';
import { attention, layerNorm, linear, matrixProduct, takeTokens } from '@vitrail/ops';
import { adamw } from '@vitrail/optim';
import { applyBlock } from '@vitrail/vit';
import type { Model } from './model.ts';

/** In the ops, blocks and optimiser of Vitrail. Its kernels for products stand behind tfjs's own `matMul`. */
export const vitrailModel: Model = {
  product: (a, b, transposeA, transposeB) => matMul(a, b, transposeA, transposeB),
  attention: (qkv, heads) => attention(qkv, { heads }),
  layerNorm,
  vit(params, patches, keep, heads) {
    const embedded = linear(patches, params.patchEmbed) as Tensor3D;
    const placed: Tensor3D = add(embedded, params.position);
    const tokens = keep ? takeTokens(placed, keep) : placed; // [B, K, D]
    const [, width] = params.position.shape;
    const config = { width, heads, mlp: { kind: 'gelu-tanh', hidden: 4 * width } } as const;
    const mixed = Object.values(params.blocks).reduce((x, block) => applyBlock(config, block, x), tokens);
    return layerNorm(mixed, params.norm) as Tensor3D;
  },
  optimizer: (options) => adamw({ ...options, decays: () => true }),
};

/** The same without kernels for products, as the ops then compute gradients: matrices are transposed first, batches left to tfjs. */
export const compositionModel: Model = {
  ...vitrailModel,
  product(a, b, transposeA, transposeB) {
    if (a.rank !== 2) return matMul(a, b, transposeA, transposeB);
    return matrixProduct((transposeA ? transpose(a) : a) as Tensor2D, (transposeB ? transpose(b) : b) as Tensor2D);
  },
};
