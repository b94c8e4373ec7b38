import {
  add,
  cast,
  concat,
  div,
  exp,
  expandDims,
  greater,
  log,
  max,
  mul,
  reshape,
  slice,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tensor2d,
  transpose,
} from '@tensorflow/tfjs-core';
import { requireShape, VitrailError } from '@vitrail/core';
import { batchedProduct } from './batched-product.ts';
import { differentiable, runOrCompose } from './dispatch.ts';
import { type Rotary, rotate, rotateBack } from './rotary.ts';

/** How {@link attention} runs. */
export type AttentionOptions = {
  /** Number of heads; divides D. */
  readonly heads: number;
  /** `[B, N]`, 1 for a key that may be attended to, 0 for padding. All keys by default. */
  readonly keyMask?: Tensor2D;
  /** Rotation of queries and keys by position. None by default. */
  readonly rotary?: Rotary;
  /** Whether a query sees only the keys up to its own position. */
  readonly causal?: boolean;
};

/**
 * Multi-head self-attention between the packed projection and the output projection.
 *
 * `y = softmax(q k^T / sqrt(headSize)) v` per head, headSize = D / heads. A query whose keys are all masked gives zeros. Masked keys have
 * weight exactly 0, so neither they nor their values get a gradient.
 *
 * For the gradient, the logarithm of each softmax denominator is kept (`[heads, B, N]`), not the `[N, N]` weights, which are computed again
 * (FlashAttention-2, arXiv 2307.08691, section 3.1). A kernel may keep the weights of short sequences.
 *
 * @param qkv packed `[B, N, 3D]`: all queries, then all keys, then all values, each heads-major (`[heads, headSize]`)
 * @returns `[B, N, D]`, the caller's
 * @throws `shape-mismatch` for other shapes; `invalid-argument` when `heads` does not divide D
 * @see "Attention Is All You Need", Vaswani et al. 2017 (arXiv 1706.03762), section 3.2
 * @example attention(ones([2, 5, 24]), { heads: 2 }).shape // [2, 5, 8]
 */
export function attention(qkv: Tensor3D, options: AttentionOptions): Tensor3D {
  const { heads, keyMask, rotary, causal = false } = options;
  requireShape('attention', 'qkv', qkv, ['B', 'N', '3D']);
  const [batch, tokens, packed] = qkv.shape;
  if (!(Number.isInteger(heads) && heads > 0 && packed % (3 * heads) === 0)) {
    throw new VitrailError(
      'invalid-argument',
      `attention: heads must divide D, and the last axis of qkv is 3D, but ${heads} heads and a last axis of ${packed} came`,
    );
  }
  if (keyMask) requireShape('attention', 'keyMask', keyMask, [batch, tokens]);
  if (rotary) requireRotary(rotary, batch, tokens, packed / (3 * heads));
  const present = [keyMask, rotary?.cos, rotary?.sin].filter((constant) => constant !== undefined);
  return differentiable<Tensor3D>(
    [qkv],
    () => {
      const constants = { keyMask, cos: rotary?.cos, sin: rotary?.sin };
      const [y, logSumExp] = runOrCompose('VitrailAttention', { qkv, ...constants }, { heads, causal }, () =>
        composeForward(qkv, options),
      );
      return { value: y, saved: [qkv, y, logSumExp, ...present] };
    },
    (dy, [qkv, y, logSumExp, ...constants]) => {
      // What was saved in place of what the caller may have disposed since.
      const keyMask = options.keyMask && (constants.shift() as Tensor2D);
      const rotary = options.rotary && ({ cos: constants[0], sin: constants[1] } as Rotary);
      const inputs = { dy, qkv, y, logSumExp, keyMask, cos: rotary?.cos, sin: rotary?.sin };
      return runOrCompose('VitrailAttentionGrad', inputs, { heads, causal }, () => [
        composeBackward(dy, qkv as Tensor3D, y as Tensor3D, logSumExp, { heads, causal, keyMask, rotary }),
      ]);
    },
  );
}

function requireRotary({ cos, sin }: Rotary, batch: number, tokens: number, headSize: number): void {
  const shape = cos.rank === 3 ? [batch, tokens, headSize] : [tokens, headSize];
  requireShape('attention', 'rotary.cos', cos, shape);
  requireShape('attention', 'rotary.sin', sin, shape);
  if (headSize % 2 !== 0) {
    throw new VitrailError('invalid-argument', `attention: rotary turns pairs, so the head size is even, but ${headSize} came`);
  }
}

/** Added to a masked score. The float32 sum is this number itself, whatever the score, and its exponential is 0. */
const MASKED = -1e30;

/** `[B, N, D]` and `[heads, B, N]`. */
function composeForward(qkv: Tensor3D, options: AttentionOptions): Tensor[] {
  const { q, k, v } = unpack(qkv, options);
  const s = scores(q, k, options);
  const top = max(s, 3, true); // [H, B, N, 1]
  const weights: Tensor4D = exp(sub(s, top));
  const denominator = sum(weights, 3, true);
  const logSumExp = add(top, log(denominator));
  const attended: Tensor4D = div(product(weights, v), denominator);
  if (!options.keyMask) return [joinHeads(attended), dropLast(logSumExp)];
  // 0 for a query all of whose keys are masked: its output is zero, and with logSumExp = 0 so are its weights in the backward pass.
  const sighted = cast(greater(top, MASKED / 2), 'float32');
  return [joinHeads(mul(attended, sighted) as Tensor4D), dropLast(mul(logSumExp, sighted))];
}

/** `dS = P * (dy v^T - sum(dy * y))` with `P = exp(S - logSumExp)`. */
function composeBackward(dy: Tensor3D, qkv: Tensor3D, y: Tensor3D, logSumExp: Tensor, options: AttentionOptions): Tensor {
  const { heads, rotary } = options;
  const { q, k, v } = unpack(qkv, options);
  const weights = exp(sub(scores(q, k, options), expandDims(logSumExp, 3))) as Tensor4D; // [H, B, N, N]
  const dOut = splitHeads(dy, heads);
  const inner = sum(mul(dOut, splitHeads(y, heads)), 3, true); // [H, B, N, 1]
  const dScores: Tensor4D = mul(weights, sub(product(dOut, turned(v)), inner));
  const dScaled = product(dScores, k);
  const dKey = product(turned(dScores), q);
  const dQuery: Tensor4D = mul(rotary ? rotateBack(dScaled, rotary) : dScaled, scaleOf(q));
  return joinHeads(concat([dQuery, rotary ? rotateBack(dKey, rotary) : dKey, product(turned(weights), dOut)], 0));
}

/** Queries (divided by `sqrt(headSize)` and rotated), keys (rotated) and values, `[heads, B, N, headSize]` each. */
function unpack(qkv: Tensor3D, { heads, rotary }: AttentionOptions): { q: Tensor4D; k: Tensor4D; v: Tensor4D } {
  const packed = splitHeads(qkv, 3 * heads);
  const [, batch, tokens, headSize] = packed.shape;
  const [q, k, v] = [0, 1, 2].map((part) => slice(packed, [part * heads, 0, 0, 0], [heads, batch, tokens, headSize]));
  const scaled: Tensor4D = mul(q, scaleOf(q));
  return rotary ? { q: rotate(scaled, rotary), k: rotate(k, rotary), v } : { q: scaled, k, v };
}

function scaleOf(q: Tensor4D): number {
  return 1 / Math.sqrt(q.shape[3]);
}

/** `[heads, B, N, N]`, masked. */
function scores(q: Tensor4D, k: Tensor4D, { keyMask, causal }: AttentionOptions): Tensor4D {
  const [, batch, tokens] = q.shape;
  let s = product(q, turned(k));
  if (keyMask) s = add(s, reshape(mul(sub(1, keyMask), MASKED), [1, batch, 1, tokens]));
  if (causal) s = add(s, futureMask(tokens));
  return s;
}

/** `[N, N]`: {@link MASKED} right of the diagonal. */
function futureMask(tokens: number): Tensor2D {
  const values = new Float32Array(tokens * tokens);
  for (let query = 0; query < tokens; query++) values.fill(MASKED, query * tokens + query + 1, (query + 1) * tokens);
  return tensor2d(values, [tokens, tokens]);
}

/** `[B, N, heads * headSize]` as `[heads, B, N, headSize]`: heads first, so that queries, keys and values are each one piece. */
function splitHeads(x: Tensor3D, heads: number): Tensor4D {
  const [batch, tokens, width] = x.shape;
  return transpose(reshape(x, [batch, tokens, heads, width / heads]), [2, 0, 1, 3]);
}

/** The inverse of {@link splitHeads}. */
function joinHeads(x: Tensor4D): Tensor3D {
  const [heads, batch, tokens, headSize] = x.shape;
  return reshape(transpose(x, [1, 2, 0, 3]), [batch, tokens, heads * headSize]);
}

/** `[heads, B, n, m] x [heads, B, m, p] -> [heads, B, n, p]`. */
function product(a: Tensor4D, b: Tensor4D): Tensor4D {
  const [heads, batch, n, m] = a.shape;
  const p = b.shape[3];
  return reshape(batchedProduct(reshape(a, [heads * batch, n, m]), reshape(b, [heads * batch, m, p])), [heads, batch, n, p]);
}

/** The last two axes swapped: faster than a product with a transposed operand. */
function turned(x: Tensor4D): Tensor4D {
  return transpose(x, [0, 1, 3, 2]);
}

function dropLast(x: Tensor): Tensor {
  return reshape(x, x.shape.slice(0, -1));
}
