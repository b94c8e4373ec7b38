import { nn, numpy as np } from '@jax-js/jax';

/**
 * Functions of jax-js take over their arguments: what is used twice is passed once as `x.ref`. That holds for those below too.
 */

/** Multi-head attention of a packed `[B, N, 3D]`. */
export function attention(qkv: np.Array, heads: number): np.Array {
  const [batch, tokens, packed] = qkv.shape;
  const [q, k, v] = np.split(qkv, 3, 2).map((part) => part.reshape([batch, tokens, heads, packed / (3 * heads)])); // [B, N, heads, headSize] each
  return nn.dotProductAttention(q, k, v).reshape([batch, tokens, packed / 3]);
}

/** Along the last axis. */
export function layerNorm(x: np.Array, { scale, bias }: { scale: np.Array; bias: np.Array }): np.Array {
  return nn.standardize(x, -1, { epsilon: 1e-6 }).mul(scale).add(bias);
}

/** `x kernel + bias` along the last axis. */
export function linear(x: np.Array, { kernel, bias }: { kernel: np.Array; bias: np.Array }): np.Array {
  return np.matmul(x, kernel).add(bias);
}
