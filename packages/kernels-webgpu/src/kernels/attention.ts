import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../placement.ts';
import { attention, QUERY_BLOCK } from '../shaders/attention.ts';
import { attentionBySubgroups } from '../shaders/attention-by-subgroups.ts';
import { attentionGradKeys, gradientKeyBlock } from '../shaders/attention-grad-keys.ts';
import { attentionGradKeysBySubgroups } from '../shaders/attention-grad-keys-by-subgroups.ts';
import { attentionGradQueries, GRADIENT_QUERY_BLOCK } from '../shaders/attention-grad-queries.ts';
import { attentionGradQueriesBySubgroups } from '../shaders/attention-grad-queries-by-subgroups.ts';
import { subgroupLanes } from '../tuning.ts';
import { MOST_HEAD_SIZE } from '../wgsl/attention-heads.ts';
import { subgroupBlock } from '../wgsl/attention-subgroups.ts';
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
      const all = { ...operands, y, logSumExp };
      const blocks = (rows: number) => batch * heads * Math.ceil(tokens / rows);
      const lanes = subgroupLanes(device);
      if (lanes === undefined) device.launch(attention, variant, all, uniforms, blocks(QUERY_BLOCK));
      else device.launch(attentionBySubgroups, { ...variant, lanes }, all, uniforms, blocks(subgroupBlock(lanes)));
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
      const lanes = subgroupLanes(device);
      if (lanes === undefined) {
        device.launch(attentionGradQueries, variant, all, uniforms, blocks(GRADIENT_QUERY_BLOCK));
        device.launch(attentionGradKeys, variant, all, uniforms, blocks(gradientKeyBlock(headSize)));
      } else {
        for (const shader of [attentionGradQueriesBySubgroups, attentionGradKeysBySubgroups]) {
          device.launch(shader, { ...variant, lanes }, all, uniforms, blocks(subgroupBlock(lanes)));
        }
      }
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
      vectors: Math.ceil(headSize / 4),
      scale: 1 / Math.sqrt(headSize),
    },
  };
}
