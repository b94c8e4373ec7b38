import type { TensorInfo } from '@tensorflow/tfjs-core';
import { KEY_BLOCK } from '../attention-blocks.ts';
import type { Device } from '../device.ts';
import { Kernel } from '../kernel.ts';
import { packedBytes } from '../packed-bytes.ts';
import { MULTIPLY_SCRATCH_BYTES } from '../product-blocks.ts';
import type { KernelSet } from './kernel-set.ts';

type AttentionAttributes = { heads: number; causal: boolean };
type AttentionConstants = { keyMask?: TensorInfo; cos?: TensorInfo; sin?: TensorInfo };

/** Tokens of the longest sequences whose weights are kept for the gradient. */
const MOST_TOKENS_KEPT = 128;
/** Queries of longer sequences that are worked on at once: `[QUERY_BLOCK, N]` weights are in memory for each thread. */
const QUERY_BLOCK = 96;

/**
 * `VitrailAttention` and its gradient: one task for each head of each sample.
 *
 * What is kept for the gradient (and made without one too: a kernel does not know) are the weights of short sequences, `[heads, B, N, keys]` with
 * the keys of `paddedKeys`, else the logarithms of the softmax denominators of the scores before scaling `[heads, B, N]`.
 */
export const attentionKernels: KernelSet = (device, stock) => {
  /** Calls `f` with the address of the mask as float32, 0 if there is none. */
  function withMask(keyMask: TensorInfo | undefined, f: (address: number) => void): void {
    if (keyMask === undefined || keyMask.dtype === 'float32') {
      f(device.addressIfAny(keyMask));
      return;
    }
    const mask = stock('Cast')({ inputs: { x: keyMask }, attrs: { dtype: 'float32' }, backend: device.backend }) as TensorInfo;
    f(device.address(mask));
    device.backend.disposeData(mask.dataId);
  }

  return {
    VitrailAttention({ inputs, attrs }) {
      const { qkv, ...constants } = inputs as { qkv: TensorInfo } & AttentionConstants;
      const { heads, causal } = attrs as AttentionAttributes;
      const [batch, tokens, packed] = qkv.shape;
      const y = device.output([batch, tokens, packed / 3]);
      const headSize = packed / 3 / heads;
      const isKept = keepsWeights(tokens, headSize);
      const kept = device.output(isKept ? [heads, batch, tokens, paddedKeys(tokens)] : [heads, batch, tokens]);
      const block = isKept ? 0 : 4 * queryBlock(isKept, tokens) * paddedKeys(tokens);
      const scratch = packedBytes(tokens, headSize) + packedBytes(headSize, tokens) + block + 4 * tokens * headSize;
      withMask(constants.keyMask, (mask) => {
        const words = attentionWords(device, { qkv, y, kept, mask, ...constants, heads, causal });
        device.launch(
          Kernel.Attention,
          batch * heads,
          [...words, 0, 0],
          [1 / Math.sqrt(headSize)],
          scratch + MULTIPLY_SCRATCH_BYTES,
        );
      });
      return [y, kept];
    },

    VitrailAttentionGrad({ inputs, attrs }) {
      const {
        dy,
        qkv,
        y,
        logSumExp: kept,
        ...constants
      } = inputs as Record<'dy' | 'qkv' | 'y' | 'logSumExp', TensorInfo> & AttentionConstants;
      const { heads, causal } = attrs as AttentionAttributes;
      const [batch, tokens, packed] = qkv.shape;
      const dQkv = device.output(qkv.shape);
      const headSize = packed / 3 / heads;
      const block = queryBlock(kept.shape.length === 4, tokens);
      const panels = 2 * packedBytes(tokens, headSize) + packedBytes(headSize, tokens);
      const scratch = panels + 8 * block * paddedKeys(tokens) + 4 * (tokens + block) * headSize;
      withMask(constants.keyMask, (mask) => {
        const words = attentionWords(device, { qkv, y, kept, mask, ...constants, heads, causal });
        words.push(device.address(dy), device.address(dQkv));
        device.launch(Kernel.AttentionGrad, batch * heads, words, [1 / Math.sqrt(headSize)], scratch + MULTIPLY_SCRATCH_BYTES);
      });
      return [dQkv];
    },
  };
};

/** Keys of a row of weights. */
function paddedKeys(tokens: number): number {
  return KEY_BLOCK * Math.ceil(tokens / KEY_BLOCK);
}

/** Whether the weights of a sequence are few enough to be kept: as many as its queries, keys and values at most. */
function keepsWeights(tokens: number, headSize: number): boolean {
  return tokens <= Math.min(MOST_TOKENS_KEPT, 3 * headSize);
}

/** Queries that are worked on at once. */
function queryBlock(isKept: boolean, tokens: number): number {
  return isKept ? tokens : Math.min(QUERY_BLOCK, tokens);
}

type Arguments = Record<'qkv' | 'y' | 'kept', TensorInfo> & AttentionConstants & { mask: number } & AttentionAttributes;

/** The arguments that attention and its gradient share. */
function attentionWords(device: Device, { qkv, y, kept, mask, cos, sin, heads, causal }: Arguments): number[] {
  const [batch, tokens, packed] = qkv.shape;
  const headSize = packed / 3 / heads;
  // [heads, B, N, keys], or the logarithms [heads, B, N].
  const hasWeights = kept.shape.length === 4;
  return [
    device.address(qkv),
    device.address(y),
    hasWeights ? 0 : device.address(kept),
    hasWeights ? device.address(kept) : 0,
    mask,
    device.addressIfAny(cos),
    device.addressIfAny(sin),
    cos?.shape.length === 3 ? tokens * headSize : 0,
    batch,
    tokens,
    heads,
    headSize,
    causal ? 1 : 0,
    queryBlock(hasWeights, tokens),
  ];
}
