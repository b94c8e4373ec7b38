import { normal } from '@vitrail/core';
import type { Workload } from './workload.ts';

/**
 * Multi-head attention between its two projections, forward and backward: gradients of a packed `qkv` `[B, N, 3D]` given `dy` `[B, N, D]`.
 *
 * Two products forward and twice as many backward are counted, whatever an engine computes again.
 */
export function attention({ batch, tokens, width, heads }: Record<'batch' | 'tokens' | 'width' | 'heads', number>): Workload {
  return {
    name: `attention/${batch}x${tokens}x${width}`,
    title: `attention forward and backward, ${batch} x ${tokens} tokens, width ${width}, ${heads} heads`,
    spec: { kind: 'attention', heads },
    inputs: {
      qkv: { shape: [batch, tokens, 3 * width], initializer: normal(1) },
      dy: { shape: [batch, tokens, width], initializer: normal(1) },
    },
    flops: 3 * attentionFlops(batch, tokens, width),
  };
}

/** Of `q k^T` and `w v` over all heads, forward. */
export function attentionFlops(batch: number, tokens: number, width: number): number {
  return 4 * batch * tokens * tokens * width;
}
