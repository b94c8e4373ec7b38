import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../placement.ts';
import { attention, QUERY_BLOCK } from '../shaders/attention.ts';
import { attentionGradKeys, gradientKeyBlock } from '../shaders/attention-grad-keys.ts';
import { attentionGradQueries, GRADIENT_QUERY_BLOCK } from '../shaders/attention-grad-queries.ts';
import { MOST_HEAD_SIZE } from '../wgsl/attention-tiles.ts';
import type { KernelSet } from './kernel-set.ts';

type AttentionAttributes = { heads: number; causal: boolean };
type AttentionConstants = { keyMask?: TensorInfo; cos?: TensorInfo; sin?: TensorInfo };

/** `VitrailAttention`, one launch, and its gradient, two. Heads longer than {@link MOST_HEAD_SIZE} are left to the composition. */
export const attentionKernels: KernelSet = (device) => ({
  VitrailAttention({ inputs, attrs }) {
    const { qkv, ...constants } = inputs as { qkv: TensorInfo } & AttentionConstants;
    if (headSizeOf(qkv, attrs as AttentionAttributes) > MOST_HEAD_SIZE) return [];
    const { headSize, variant, operands, uniforms } = described(qkv, constants, attrs as AttentionAttributes);
    const { batch, tokens, heads } = uniforms;
    const y = device.activation([batch, tokens, heads * headSize]);
    const logSumExp = device.output([heads, batch, tokens]);
    if (sizeOf(qkv.shape) > 0) {
      const groups = batch * heads * Math.ceil(tokens / QUERY_BLOCK);
      device.launch(attention, variant, { ...operands, y, logSumExp }, uniforms, groups);
    }
    return [y, logSumExp];
  },

  VitrailAttentionGrad({ inputs, attrs }) {
    const { dy, qkv, y, logSumExp, ...constants } = inputs as Record<'dy' | 'qkv' | 'y' | 'logSumExp', TensorInfo> &
      AttentionConstants;
    if (headSizeOf(qkv, attrs as AttentionAttributes) > MOST_HEAD_SIZE) return [];
    const { headSize, variant, operands, uniforms } = described(qkv, constants, attrs as AttentionAttributes);
    const { batch, tokens, heads } = uniforms;
    const dQkv = device.activation(qkv.shape);
    if (sizeOf(qkv.shape) > 0) {
      const all = { ...operands, dy, y, logSumExp, dQkv };
      const blocks = (rows: number) => batch * heads * Math.ceil(tokens / rows);
      device.launch(attentionGradQueries, variant, all, uniforms, blocks(GRADIENT_QUERY_BLOCK));
      device.launch(attentionGradKeys, variant, all, uniforms, blocks(gradientKeyBlock(headSize)));
    }
    return [dQkv];
  },
});

function headSizeOf(qkv: TensorInfo, { heads }: AttentionAttributes): number {
  return qkv.shape[2] / 3 / heads;
}

/** What both launches are told about their tensors. */
function described(qkv: TensorInfo, { keyMask, cos, sin }: AttentionConstants, { heads, causal }: AttentionAttributes) {
  const [batch, tokens] = qkv.shape;
  const headSize = headSizeOf(qkv, { heads, causal });
  const rotaryElements = headSize % 4 === 0 ? headSize / 4 : headSize;
  return {
    headSize,
    variant: { headSize, isMasked: keyMask !== undefined, isRotary: cos !== undefined },
    operands: { qkv, keyMask, cosines: cos, sines: sin },
    uniforms: {
      batch,
      tokens,
      heads,
      rotaryStride: cos?.shape.length === 3 ? tokens * rotaryElements : 0,
      causal: causal ? 1 : 0,
      scale: 1 / Math.sqrt(headSize),
    },
  };
}
